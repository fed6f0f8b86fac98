"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


class WriteError(OSError):
    """Something that has to be written could not be; `filename` says what, `strerror` why."""


@contextmanager
def writing(what: Path | str) -> Iterator[None]:
    """Any OSError of the block becomes a WriteError about `what`: NumPy, zipfile and fsync name no file."""
    try:
        yield
    except OSError as error:
        reason = " ".join((error.strerror or str(error)).split())
        raise WriteError(error.errno, reason, str(what)) from error


@contextmanager
def replacing(path: Path, partial: Path) -> Iterator[None]:
    """The block makes the file `partial` beside `path`, which is then flushed and renamed into place.

    A crash leaves the old file or the new one. Raises WriteError; what is half-written takes no room then.
    """
    with writing(path):
        try:
            yield
            with partial.open("r+b") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        sync_folder(path.parent)


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Writes a file as `replacing` does, by `fill`."""
    partial = path.with_name(f"{path.name}.partial")
    with replacing(path, partial), partial.open("wb") as file:
        fill(file)


def sync_folder(folder: Path) -> None:
    """Makes a new or renamed entry of `folder` last; where folders cannot be flushed, nothing is done."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from absl import logging

UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTTY}
_warned: list[bool] = []


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
                flush(file.fileno())
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
    """Makes a new or renamed entry of `folder` last, where the file system can flush folders."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flush(handle)
    finally:
        os.close(handle)


def flush(handle: int) -> None:
    """Flushes an open file or folder to the disk, where the file system can. Raises OSError if that fails.

    Network and FUSE file systems often cannot flush folders, some not even files.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        _warn_once(error)


def _warn_once(error: OSError) -> None:
    """In the main process: its workers write to the same folder."""
    if not _warned and multiprocessing.parent_process() is None:
        _warned.append(True)
        logging.warning(
            "the file system cannot flush folders or files (%s); after a power failure, the last results may "
            "be missing",
            error.strerror,
        )

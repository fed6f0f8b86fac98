"""The image files that are meant by a list of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eatnas_tf.errors import InputError, shown
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.training import images
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.folder_files import Found, refusing_closed, walk
from eatnas_tf.training.left_out import BROKEN
from eatnas_tf.training.passes import told


@dataclass(frozen=True)
class Listed:
    """Files in the order named, those of a folder sorted; why some cannot be read; files left out."""

    files: tuple[Path, ...]
    unreadable: dict[Path, str]
    left_out: tuple[Path, ...]


def found(paths: Sequence[Path], encoding: Encoding | None = None) -> Listed:
    """All files that are named, and the images in folders, at any depth, whatever their names.

    Other files in a folder are left out; but a damaged one that is named like an image counts as one. Hidden
    files and folders are not looked at. Links are followed, but not to a folder above, as in datasets.
    """
    listed = list(dict.fromkeys(_listed(paths)))
    files: list[Path] = []
    unreadable: dict[Path, str] = {}
    left_out: list[Path] = []
    with passes_shown():
        for path, named in told("looking at files", len(listed), listed):
            why = trouble(path, encoding)
            if why is not None and not named and not images.is_named_like_one(path):
                left_out.append(path)
                continue
            files.append(path)
            if why is not None:
                unreadable[path] = why
    return Listed(tuple(dict.fromkeys(files)), unreadable, tuple(left_out))


def trouble(path: Path, encoding: Encoding | None = None) -> str | None:
    """Why the file is no image, as far as its header tells; None if it may be one."""
    try:
        images.header(path, encoding)
    except InputError as error:
        return without_name(path, error)
    return None


def without_name(path: Path, error: InputError) -> str:
    """What is wrong with a file, without its name."""
    return str(error).removeprefix(f"{shown(str(path))}: ")


def _listed(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file, and whether it is named itself."""
    for path in paths:
        if os.path.isdir(path):
            yield from ((file, False) for file in _below(path))
        else:
            yield path, True


def _below(folder: Path) -> list[Path]:
    """The files of a folder in order, each once; broken links, too, but nothing hidden."""
    with refusing_closed(folder):
        reached = list(walk(folder))
    return sorted(one.path for one in reached if isinstance(one, Found) or one.reason == BROKEN)

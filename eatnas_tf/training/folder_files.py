"""The files below a class's folder: links are followed, what is hidden is not.

A file is known by its resolved path, so that one that is reached twice counts once.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.training.left_out import BROKEN, HIDDEN, LOOP, TWICE, LeftOut

FOREIGN = (
    frozenset(  # of operating systems, archives and network drives, in lower case; and all from a dot on
        {
            *(
                "__macosx",
                "thumbs.db",
                "ehthumbs.db",
                "desktop.ini",
                "$recycle.bin",
                "system volume information",
            ),
            *("@eadir", "@recycle", "@tmp", "#recycle", "#snapshot", "@recently-snapshot", "lost+found"),
        }
    )
)


class Found(NamedTuple):
    """A file as it was reached, and where it really is."""

    path: Path
    resolved: str


class Listing(NamedTuple):
    """The files of every class, both in order, and what is left out of them."""

    classes: dict[str, list[Found]]
    left_out: list[LeftOut]


def is_foreign(name: str) -> bool:
    """Whether a file or folder is hidden or none of a person's."""
    return name.startswith(".") or name.lower() in FOREIGN


def folders_in(place: Path) -> list[Path]:
    """The folders in one that are not hidden, in order. Raises InputError."""
    with refusing_closed(place):
        return sorted(entry for entry in place.iterdir() if entry.is_dir() and not is_foreign(entry.name))


def files_beside(place: Path) -> list[Path]:
    """The files in a folder itself that are not hidden, in order. Raises InputError."""
    with refusing_closed(place):
        return sorted(entry for entry in place.iterdir() if entry.is_file() and not is_foreign(entry.name))


def listing(folder: Path) -> Listing:
    """All files below the folders of the classes in `folder`. Raises InputError.

    So it does for a file that links put into two classes.
    """
    classes: dict[str, list[Found]] = {}
    left_out: list[LeftOut] = []
    owner: dict[str, Found] = {}
    for place in folders_in(folder):
        files = classes[place.name] = []
        with refusing_closed(place):
            reached = list(walk(place))
        left_out += [one for one in reached if isinstance(one, LeftOut)]
        for found in sorted(one for one in reached if isinstance(one, Found)):
            first = owner.setdefault(found.resolved, found)
            if first is found:
                files.append(found)
            elif place in first.path.parents:
                left_out.append(LeftOut(found.path, TWICE))
            else:
                raise InputError(
                    f"{found.path} and {first.path} are one file in two classes; remove one of the links"
                )
    return Listing(classes, left_out)


@contextmanager
def refusing_closed(place: Path) -> Iterator[None]:
    """Raises InputError where a folder in the block cannot be read: it does not pass for an empty one."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename or place}: cannot be read ({error.strerror}); make it readable or remove it"
        ) from None


def walk(place: Path) -> Iterator[Found | LeftOut]:
    """Every file at any depth, every folder once. Raises OSError."""
    top = os.path.realpath(place)
    above = {top, *map(str, Path(top).parents)}
    entered, waiting = set(above), [(str(place), top)]
    while waiting:
        folder, real = waiting.pop()
        for entry in _entries(folder):
            path, linked = Path(entry.path), entry.is_symlink()
            resolved = os.path.realpath(entry.path) if linked else os.path.join(real, entry.name)
            if is_foreign(entry.name):
                yield from _hidden(path)
            elif (kind := _kind(entry)) == "file":
                yield Found(path, resolved)
            elif not kind:
                yield LeftOut(path, BROKEN)
            elif resolved not in entered:
                entered.add(resolved)
                waiting.append((entry.path, resolved))
            else:
                yield LeftOut(path, LOOP if resolved in above else TWICE)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Those that are no links first, in order: what a folder holds itself is reached by its own name."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))


def _kind(entry: os.DirEntry[str]) -> str:
    """`file`, `folder` or neither; links to each other are neither."""
    try:
        return "file" if entry.is_file() else "folder" if entry.is_dir() else ""
    except OSError as error:
        if error.errno == errno.ELOOP:
            return ""
        raise


def _hidden(path: Path) -> Iterator[LeftOut]:
    """A hidden file, or the files in a hidden folder."""
    if not path.is_dir():
        yield LeftOut(path, HIDDEN)
    for folder, _, names in os.walk(path):
        for name in names:
            yield LeftOut(Path(folder, name), HIDDEN)

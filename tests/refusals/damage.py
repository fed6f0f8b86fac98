"""The files that a case finds.

`Files`, which a case has, put files into the current folder and are given the folder of sound ones. `Damage`
is done to a work folder that `copied` put there as `run`, and is given that.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from eatnas_tf.network import class_names

GONE = object()  # in place of a value: the field is taken out

Files = Callable[[Path], object]
Damage = Callable[[Path], object]


def written(name: str, content: str | bytes) -> Files:
    data = content.encode() if isinstance(content, str) else content
    return lambda sound: Path(name).write_bytes(data)


def folder(name: str) -> Files:
    return lambda sound: Path(name).mkdir(parents=True)


def in_turn(*files: Files) -> Files:
    def put(sound: Path) -> None:
        for one in files:
            one(sound)

    return put


def cut(name: str, kept: int) -> Files:
    return lambda sound: os.truncate(name, kept)


def picture(path: Path, size: tuple[int, int] = (8, 8), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)


def pictures(*paths: str, **options: Any) -> Files:
    def put(sound: Path) -> None:
        for path in paths:
            picture(Path("data") / path, **options)

    return put


def npz(**changes: Any) -> Files:
    """A dataset in which some arrays are others; one that is None is left out."""
    good = {
        "x_train": np.zeros((20, 8, 8, 1), np.uint8),
        "y_train": np.arange(20) % 4,
        "x_test": np.zeros((4, 8, 8, 1), np.uint8),
        "y_test": np.arange(4),
    }
    arrays = {name: array for name, array in {**good, **changes}.items() if array is not None}
    return lambda sound: np.savez("mine.npz", **arrays)


def zipped(members: dict[str, str | bytes]) -> Files:
    """A model.keras of these members, and an image."""

    def put(sound: Path) -> None:
        with zipfile.ZipFile("model.keras", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        shutil.copy(sound / "shirt.png", ".")

    return put


def classes(content: str | bytes) -> Files:
    """A model.keras of nothing but class names, and an image."""
    return zipped({class_names.MEMBER: content})


def plugin(source: str, name: str = "mine.py") -> Files:
    return written(name, source)


def copied(name: str, damage: Damage = lambda place: None) -> Files:
    """`run` as a sound stage left it, then damaged."""

    def put(sound: Path) -> None:
        shutil.copytree(sound / name, "run")
        damage(Path("run"))

    return put


def text(name: str, content: str | bytes) -> Damage:
    data = content.encode() if isinstance(content, str) else content
    return lambda place: (place / name).write_bytes(data)


def removed(name: str) -> Damage:
    return lambda place: (place / name).unlink()


def edited(name: str, changes: dict[str, Any]) -> Damage:
    """Fields of a JSON object set, or taken out if GONE; `a/b` is b in a."""

    def edit(place: Path) -> None:
        content = json.loads((place / name).read_text())
        _set(content, changes)
        (place / name).write_text(json.dumps(content))

    return edit


def _set(content: Any, changes: dict[str, Any]) -> None:
    for path, value in changes.items():
        *parents, last = path.split("/")
        found = content
        for parent in parents:
            found = found[int(parent) if parent.isdigit() else parent]
        if value is GONE:
            del found[last]
        else:
            found[last] = value


def line(number: int, /, **changes: Any) -> Damage:
    """Fields of one line of a journal set; line 1 is its header."""

    def edit(place: Path) -> None:
        lines = (place / "journal.jsonl").read_text().splitlines()
        content = json.loads(lines[number - 1])
        _set(content, changes)
        lines[number - 1] = json.dumps(content)
        (place / "journal.jsonl").write_text("\n".join([*lines, ""]))

    return edit


def lines(change: Callable[[list[bytes]], object]) -> Damage:
    """The journal's lines, changed in place."""

    def edit(place: Path) -> None:
        found = (place / "journal.jsonl").read_bytes().splitlines(keepends=True)
        change(found)
        (place / "journal.jsonl").write_bytes(b"".join(found))

    return edit

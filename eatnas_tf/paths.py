"""Paths as people write them: `~` is the home folder, a Path is as good as text, and a URL is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from os import PathLike

from eatnas_tf.errors import InputError

PREFIXES = ("npz:", "folder:")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
URL_IN_A_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # pathlib makes one slash of two


def local(name: str, value: str | PathLike[str]) -> str:
    """The path as text, its `~` expanded. Raises InputError for a URL, under `name`, such as `--workdir`."""
    text = os.fspath(value) if isinstance(value, PathLike) else value
    if not isinstance(text, str):
        raise InputError(f"{name}: {value!r} is not a path; give text or a pathlib.Path")
    if (URL if isinstance(value, str) else URL_IN_A_PATH).match(text):
        raise InputError(
            f"{name}: {text!r} is a URL, and only local files are read and written; "
            "copy or mount it and give its path"
        )
    return os.path.expanduser(text)


def dataset(value: str | PathLike[str]) -> str:
    """The text of --dataset with the path after `npz:` or `folder:` made `local`.

    A Path has its prefix added: `npz:` for an .npz file, else `folder:`.
    """
    if isinstance(value, PathLike):
        path = local("--dataset", value)
        return f"{'npz:' if path.lower().endswith('.npz') else 'folder:'}{path}"
    prefix = next((one for one in PREFIXES if isinstance(value, str) and value.startswith(one)), "")
    if prefix:
        return prefix + local("--dataset", value.removeprefix(prefix))
    return local("--dataset", value) if not isinstance(value, str) or URL.match(value) else value


def several(name: str, values: Sequence[str]) -> list[str]:
    """The paths of a flag that may be repeated; a value that is no path of its own is split at its commas."""
    found: list[str] = []
    for value in values:
        whole = local(name, value)
        parts = [whole] if os.path.exists(whole) else value.split(",")
        found += [local(name, part) for part in parts if part]
    return found

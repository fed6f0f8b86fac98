"""The names of a saved model's classes and the part of an image that it takes, in its `.keras` file.

It is a zip, of which Keras reads what it put in.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eatnas_tf.errors import InputError

MEMBER, PART_MEMBER = "eatnas_tf/classes.json", "eatnas_tf/centre_crop.json"
EXPECTED = "expected the model.keras of a retraining"


def add(path: Path, names: Sequence[str], centre_crop: float | None = None) -> None:
    """Adds them to a file that has none yet."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps(list(names)))
        archive.writestr(PART_MEMBER, json.dumps(centre_crop))


def read(path: Path) -> list[str]:
    """The names. Raises InputError if the file is missing, damaged or without them."""
    try:
        names = _member(path, MEMBER)
    except KeyError:
        raise InputError(f"{path}: no class names in it; {EXPECTED}") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: its class names are damaged; retrain it")
    return names


def centre_crop(path: Path) -> float | None:
    """The part of an image's shorter side that the model was retrained with; None in an older file, too.

    Raises InputError.
    """
    try:
        part = _member(path, PART_MEMBER)
    except KeyError:
        return None
    if part is not None and not (isinstance(part, int | float) and 0 < part <= 1):
        raise InputError(f"{path}: its centre crop is damaged; retrain it")
    return part


def _member(path: Path, name: str) -> Any:
    """Raises InputError, or KeyError if the file has no such member."""
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(name))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {EXPECTED}") from None
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read ({error}); {EXPECTED}") from None

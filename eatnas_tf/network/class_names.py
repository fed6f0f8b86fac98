"""The names of a saved model's classes, and the part of an image that it takes, in its `.keras` file.

It is a zip, of which Keras reads what it put in.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eatnas_tf.errors import InputError, reason
from eatnas_tf.fields import PART, TEXT, Kind, field, list_of, optional
from eatnas_tf.network.npz import DAMAGE

MEMBER = "eatnas_tf/classes.json"
EXPECTED = "expected the model.keras of a retraining"


def add(path: Path, names: Sequence[str], centre_crop: float | None = None) -> None:
    """Adds them to a file that has none yet."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps({"classes": list(names), "centre_crop": centre_crop}))


def read(path: Path) -> list[str]:
    """The names. Raises InputError if the file is missing, damaged or without them."""
    return _known(path, "classes", list_of(TEXT))


def centre_crop(path: Path) -> float | None:
    """The part of an image's shorter side that the model was retrained with; None: all of it is squeezed.

    Raises InputError as `read` does.
    """
    return _known(path, "centre_crop", optional(PART))


def _known(path: Path, name: str, kind: Kind) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(MEMBER))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {EXPECTED}") from None
    except KeyError:
        raise InputError(f"{path}: no class names in it; {EXPECTED}") from None
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); {EXPECTED}") from None
    if isinstance(found, list):  # as an older version wrote it
        found = {"classes": found, "centre_crop": None}
    try:
        return field(found if isinstance(found, dict) else {}, name, kind)
    except InputError as error:
        raise InputError(f"{path}: {MEMBER} is damaged ({error}); retrain it") from None

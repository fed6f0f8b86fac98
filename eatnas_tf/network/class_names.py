"""What a saved model says of itself: its classes' names, and how images become its input.

It is a JSON object in the `.keras` file, a zip of which it is the member MEMBER; Keras does not read it.
`classes` are in the order of the outputs; `preprocessing` is an object that may get further keys.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eatnas_tf.errors import InputError, reason
from eatnas_tf.fields import OBJECT, PART, TEXT, Kind, field, list_of, optional
from eatnas_tf.network.npz import DAMAGE

MEMBER = "eatnas_tf/classes.json"
EXPECTED = "expected the model.keras of a retraining"


def add(path: Path, names: Sequence[str], centre_crop: float | None = None, **preprocessing: Any) -> None:
    """Adds them to a file that has none yet; `preprocessing` holds whatever else was done to images."""
    about = {"classes": list(names), "preprocessing": {"centre_crop": centre_crop, **preprocessing}}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps(about))


def read(path: Path) -> list[str]:
    """The names. Raises InputError if the file is missing, damaged or without them."""
    return _field(path, _about(path), "classes", list_of(TEXT))


def centre_crop(path: Path) -> float | None:
    """The part of an image's shorter side that the model was retrained with; None: all of it is squeezed.

    Raises InputError as `read` does.
    """
    about = _about(path)
    if "preprocessing" in about:
        about = _field(path, about, "preprocessing", OBJECT)
    return _field(path, about, "centre_crop", optional(PART))


def _about(path: Path) -> dict[str, Any]:
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
    return found if isinstance(found, dict) else {}


def _field(path: Path, found: dict[str, Any], name: str, kind: Kind) -> Any:
    try:
        return field(found, name, kind)
    except InputError as error:
        raise InputError(f"{path}: {MEMBER} is damaged ({error}); retrain it") from None

"""What a saved model is used with: names of classes, the part of an image that it takes, how files are read.

All this is in its `.keras` file, a zip, of which Keras reads what it put in.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eatnas_tf.errors import InputError, reason
from eatnas_tf.fields import NUMBER, OBJECT, PART, TEXT, WHOLE, Kind, field, list_of, optional
from eatnas_tf.network.npz import DAMAGE

MEMBER = "eatnas_tf/classes.json"
SHADE = Kind("a whole number up to 255", lambda value: WHOLE.fits(value) and value <= 255)
ENCODING = {
    "background": SHADE,
    "values": optional(TEXT),
    "low": optional(NUMBER),
    "high": optional(NUMBER),
}
NONE: Mapping[str, Any] = {}
EXPECTED = "expected the model.keras of a retraining"


def add(
    path: Path,
    names: Sequence[str],
    centre_crop: float | None = None,
    encoding: Mapping[str, Any] | None = None,
) -> None:
    """Adds them to a file that has none yet."""
    content = {"classes": list(names), "centre_crop": centre_crop, "encoding": encoding}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps(content))


def read(path: Path) -> list[str]:
    """The names. Raises InputError if the file is missing, damaged or without them."""
    return _known(path, "classes", list_of(TEXT))


def centre_crop(path: Path) -> float | None:
    """The part of an image's shorter side that the model was retrained with; None: all of it is squeezed.

    Raises InputError as `read` does.
    """
    return _known(path, "centre_crop", optional(PART))


def encoding(path: Path) -> dict[str, Any]:
    """The fields of the `training.encoding.Encoding` that image files were read with; empty: its defaults.

    Raises InputError as `read` does.
    """
    found = _known(path, "encoding", optional(OBJECT), {"encoding": None}) or {}
    try:
        known = {name: field(found, name, kind) for name, kind in ENCODING.items() if name in found}
    except InputError as error:
        raise InputError(f"{path}: {MEMBER} is damaged ({error}); retrain it") from None
    spans = known.get("low") is not None and known.get("high") is not None
    if spans and not known["low"] < known["high"]:
        raise InputError(f"{path}: {MEMBER} is damaged (low is not below high); retrain it")
    return known


def _known(path: Path, name: str, kind: Kind, defaults: Mapping[str, Any] = NONE) -> Any:
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
        return field({**defaults, **found} if isinstance(found, dict) else {}, name, kind)
    except InputError as error:
        raise InputError(f"{path}: {MEMBER} is damaged ({error}); retrain it") from None

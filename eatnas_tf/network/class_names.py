"""The names of a saved model's classes, in its `.keras` file: a zip, of which Keras reads what it put in."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from eatnas_tf.errors import InputError, reason
from eatnas_tf.network.npz import DAMAGE

MEMBER = "eatnas_tf/classes.json"
EXPECTED = "expected the model.keras of a retraining"


def add(path: Path, names: Sequence[str]) -> None:
    """Adds the names to a file that has none yet."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps(list(names)))


def read(path: Path) -> list[str]:
    """The names. Raises InputError if the file is missing, damaged or without them."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = json.loads(archive.read(MEMBER))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {EXPECTED}") from None
    except KeyError:
        raise InputError(f"{path}: no class names in it; {EXPECTED}") from None
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); {EXPECTED}") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: its class names are damaged; retrain it")
    return names

"""What tells that a dataset changed between two runs, found out without reading its pixels.

Neither the place of a dataset nor the time at which a file was written belongs to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from eatnas_tf.errors import InputError
from eatnas_tf.network import npz
from eatnas_tf.training.examples import digest


def of_npz(path: Path, names: Sequence[str]) -> str:
    """Of these arrays and of `classes`: their checksums and sizes, which stand in the zip's directory."""
    found = npz.checksums(path)
    return digest([(name, found.get(name)) for name in (*names, "classes")])


def of_files(root: Path, files: Iterable[str | os.PathLike[str]]) -> str:
    """Of files below `root`: their names there and their sizes. Raises InputError."""
    try:
        return digest(sorted((os.path.relpath(file, root), os.stat(file).st_size) for file in files))
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); restore it") from None

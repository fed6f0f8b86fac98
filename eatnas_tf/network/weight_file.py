"""Weights on disk: whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eatnas_tf import durable
from eatnas_tf.network import npz
from eatnas_tf.network.initial import Weights


def save(path: Path, weights: Weights) -> None:
    """Writes, flushes and renames into place, so that a crash leaves the old file or the new one."""
    durable.write(path, lambda file: npz.write(file, weights))


def load(path: Path) -> dict[str, np.ndarray]:
    """Weights by variable name. Raises InputError if the file is missing or damaged."""
    names = npz.names(path)
    return dict(zip(names, npz.arrays(path, names), strict=True))

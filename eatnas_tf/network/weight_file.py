"""Weights on disk: whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from eatnas_tf.network import npz
from eatnas_tf.network.initial import Weights


def save(path: Path, weights: Weights) -> None:
    """Writes, flushes and renames into place, so that a crash leaves the old file or the new one."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **weights)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path) -> dict[str, np.ndarray]:
    """Weights by variable name. Raises InputError if the file is missing or damaged."""
    names = npz.names(path)
    return dict(zip(names, npz.arrays(path, names), strict=True))

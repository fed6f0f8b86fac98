"""Datasets in one `.npz` file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eatnas_tf.errors import InputError
from eatnas_tf.network import npz
from eatnas_tf.training.array_source import Arrays, ArraySource


class NpzSource(ArraySource):
    """An `.npz` with uint8 NHWC or NHW `x_train x_test`, whole `y_train y_test`, maybe `classes`."""

    def __init__(self, path: Path, image_size: int | None, centre_crop: float | None = None) -> None:
        self._path = path
        super().__init__(str(path), image_size, centre_crop)

    def refuse_without_test(self) -> None:
        missing = {"x_test", "y_test"} - set(npz.names(self._path))
        if missing:
            raise InputError(
                f"{self._path}: no {max(missing)}; a retraining ends with a test on x_test, y_test"
            )

    def _arrays(self, part: str) -> Arrays:
        images, labels = npz.arrays(self._path, (f"x_{part}", f"y_{part}"))
        return images, labels

    def _names(self) -> Sequence[str] | None:
        if "classes" not in npz.names(self._path):
            return None
        return npz.arrays(self._path, ["classes"])[0].ravel().tolist()

"""Datasets in one `.npz` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eatnas_tf.errors import InputError
from eatnas_tf.network import npz
from eatnas_tf.training import fingerprint
from eatnas_tf.training.array_source import Arrays, ArraySource

VALIDATION = ("val", "valid", "validation")  # what the arrays to validate on may be called


class NpzSource(ArraySource):
    """An `.npz` with uint8 NHWC or NHW `x_train x_test`, whole `y_train y_test`.

    There may be `x_val` and `y_val`, also called `valid` or `validation`, and `classes`.
    """

    def __init__(self, path: Path, image_size: int | None, centre_crop: float | None = None) -> None:
        self._path = path
        self._found = set(npz.names(path))
        self._suffix = self._validation_suffix()
        super().__init__(str(path), image_size, centre_crop)

    def refuse_without_test(self) -> None:
        missing = {"x_test", "y_test"} - self._found
        if missing:
            raise InputError(
                f"{self._path}: no {max(missing)}; a retraining ends with a test on x_test, y_test"
            )

    def fingerprint(self, tests: bool) -> str:
        """As `data.Source`."""
        parts = ["train", *([self._suffix] if self._suffix else []), *(["test"] if tests else [])]
        return fingerprint.of_npz(self._path, [f"{axis}_{part}" for part in parts for axis in "xy"])

    def _validation_suffix(self) -> str | None:
        found = [suffix for suffix in VALIDATION if {f"x_{suffix}", f"y_{suffix}"} & self._found]
        if len(found) > 1:
            raise InputError(f"{self._path}: has x_{found[0]} and x_{found[1]}; keep one to validate on")
        return found[0] if found else None

    def _has_validation(self) -> bool:
        return self._suffix is not None

    def _arrays(self, part: str) -> Arrays:
        name = self._called(part)
        images, labels = npz.arrays(self._path, (f"x_{name}", f"y_{name}"))
        return images, labels

    def _called(self, part: str) -> str:
        return str(self._suffix) if part == "validation" else part

    def _names(self) -> Any:
        return npz.arrays(self._path, ["classes"])[0] if "classes" in self._found else None

"""Datasets in one `.npz` file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.network import npz
from eatnas_tf.training.examples import Examples, resized

MOST_CLASSES = 100_000


class NpzSource:
    """An `.npz` with uint8 NHWC or NHW `x_train x_test`, whole `y_train y_test`, maybe `classes`."""

    def __init__(self, path: Path, image_size: int | None) -> None:
        self._path = path
        self._wanted_size = image_size
        images, labels = self._arrays("train")
        self.channels = images.shape[-1]
        self.image_size = image_size or images.shape[1]
        self.train_count = len(images)
        self.classes = self._class_names(int(labels.max()) + 1)
        counts = np.bincount(labels, minlength=len(self.classes))
        self.class_counts: tuple[int, ...] | None = tuple(counts.tolist())
        self._train = images, labels

    def train(self, processes: int = 1) -> Examples:
        images, labels = self._train
        return Examples(resized(images, self.image_size), labels)

    def test(self) -> Examples:
        images, labels = self._arrays("test")
        if images.shape[-1] != self.channels or int(labels.max()) >= len(self.classes):
            raise InputError(
                f"{self._path}: x_test, y_test do not match x_train, y_train in channels or classes"
            )
        return Examples(resized(images, self.image_size), labels)

    def refuse_without_test(self) -> None:
        missing = {"x_test", "y_test"} - set(npz.names(self._path))
        if missing:
            raise InputError(
                f"{self._path}: no {max(missing)}; a retraining ends with a test on x_test, y_test"
            )

    def _arrays(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        images, labels = npz.arrays(self._path, (f"x_{part}", f"y_{part}"))
        images = images[..., None] if images.ndim == 3 else images
        self._refuse_images(f"x_{part}", images)
        self._refuse_labels(f"y_{part}", labels, len(images))
        return images, labels.astype(np.int32)

    def _refuse_images(self, name: str, images: np.ndarray) -> None:
        if images.dtype != np.uint8 or images.ndim != 4 or not images.size:
            found, expected = f"{images.dtype} {images.shape}", "uint8 (count, height, width, channels)"
            raise InputError(f"{self._path}: {name} is {found}; expected {expected}")
        height, width = images.shape[1:3]
        if height != width and self._wanted_size is None:
            raise InputError(
                f"{self._path}: images are {height}x{width}; give --image_size to make them square"
            )

    def _refuse_labels(self, name: str, labels: np.ndarray, count: int) -> None:
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            found = f"{labels.dtype} {labels.shape}"
            raise InputError(f"{self._path}: {name} is {found}; expected {count} whole numbers")
        low, high = labels.min(), labels.max()
        if low < 0 or high >= MOST_CLASSES:
            raise InputError(
                f"{self._path}: {name} has labels from {low} to {high}; expected classes counted from 0, "
                f"at most {MOST_CLASSES:,} of them"
            )

    def _class_names(self, count: int) -> tuple[str, ...]:
        if "classes" not in npz.names(self._path):
            return tuple(str(number) for number in range(count))
        names = tuple(str(name) for name in npz.arrays(self._path, ["classes"])[0].ravel())
        if len(names) < count:
            raise InputError(f"{self._path}: {len(names)} names in classes, labels up to {count - 1}")
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise InputError(f"{self._path}: classes names {twice[0]!r} twice; give every class its own name")
        return names

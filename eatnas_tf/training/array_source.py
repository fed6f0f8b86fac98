"""Datasets whose images lie in arrays, whoever made them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, resized

MOST_CLASSES = 100_000

Arrays = tuple[np.ndarray, np.ndarray]


class ArraySource(ABC):
    """uint8 NHWC or NHW images with whole labels. `where` names the dataset in what is refused.

    A part is `train` or `test`; only the former is looked at before it is asked for.
    """

    validation_count: int | None = None
    encoding: Encoding | None = None

    def __init__(self, where: str, image_size: int | None, centre_crop: float | None = None) -> None:
        self._where, self._centre_crop = where, centre_crop
        self._wanted_size = image_size
        images, labels = self._checked("train")
        self.channels = images.shape[-1]
        self.image_size = image_size or images.shape[1]
        self.train_count = len(images)
        self.classes = class_names(where, self._names(), int(labels.max()) + 1)
        counts = np.bincount(labels, minlength=len(self.classes))
        self.class_counts: tuple[int, ...] | None = tuple(counts.tolist())
        self._train = images, labels

    @abstractmethod
    def _arrays(self, part: str) -> Arrays:
        """Images and labels as they come."""

    @abstractmethod
    def _names(self) -> Sequence[str] | None:
        """The classes' names, if there are any."""

    @abstractmethod
    def refuse_without_test(self) -> None:
        """Raises InputError if there is no test split, without reading it."""

    def train(self, room: int | None = None) -> Examples:
        images, labels = self._train
        return Examples(resized(images, self.image_size, self._centre_crop), labels)

    def test(self) -> Examples:
        images, labels = self._matching()
        return Examples(resized(images, self.image_size, self._centre_crop), labels)

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        return None

    def _matching(self) -> Arrays:
        """The test split. Raises InputError if it is not one for the training images."""
        images, labels = self._checked("test")
        if images.shape[-1] != self.channels or int(labels.max()) >= len(self.classes):
            raise InputError(
                f"{self._where}: x_test, y_test do not match x_train, y_train in channels or classes: "
                f"{images.shape[-1]} channels and labels up to {labels.max()}, "
                f"for {self.channels} and {len(self.classes)} classes"
            )
        return images, labels

    def _checked(self, part: str) -> Arrays:
        images, labels = self._arrays(part)
        images = images[..., None] if images.ndim == 3 else images
        self._refuse_images(f"x_{part}", images)
        self._refuse_labels(f"y_{part}", labels, len(images))
        return images, labels.astype(np.int32)

    def _refuse_images(self, name: str, images: np.ndarray) -> None:
        if images.dtype != np.uint8 or images.ndim != 4 or not images.size:
            found, expected = f"{images.dtype} {images.shape}", "uint8 (count, height, width, channels)"
            raise InputError(f"{self._where}: {name} is {found}; expected {expected}")
        height, width = images.shape[1:3]
        if height != width and self._wanted_size is None:
            raise InputError(
                f"{self._where}: images are {height}x{width}; give --image_size to make them square"
            )

    def _refuse_labels(self, name: str, labels: np.ndarray, count: int) -> None:
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            found = f"{labels.dtype} {labels.shape}"
            raise InputError(f"{self._where}: {name} is {found}; expected {count} whole numbers")
        low, high = labels.min(), labels.max()
        if low < 0 or high >= MOST_CLASSES:
            raise InputError(
                f"{self._where}: {name} has labels from {low} to {high}; expected classes counted from 0, "
                f"at most {MOST_CLASSES:,} of them"
            )


def class_names(where: str, names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """The names of at least `count` classes: those given, or numbers. Raises InputError."""
    if names is None:
        return tuple(str(number) for number in range(count))
    if len(names) < count:
        raise InputError(f"{where}: {len(names)} names in classes, labels up to {count - 1}")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise InputError(f"{where}: classes names {twice[0]!r} twice; give every class its own name")
    return tuple(map(str, names))

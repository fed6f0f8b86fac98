"""Datasets whose images lie in arrays, whoever made them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from eatnas_tf.training import checks
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, resized

Arrays = tuple[np.ndarray, np.ndarray]


class ArraySource(ABC):
    """Images and labels as `checks` wants them. `where` names the dataset in what is refused.

    A part is `train`, `validation` or `test`; the last one is not looked at before it is asked for.
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
        self.classes = checks.classes_of(where, "y_train", labels, self._names())
        counts = np.bincount(labels, minlength=len(self.classes))
        self.class_counts: tuple[int, ...] | None = tuple(counts.tolist())
        self._train = images, labels
        self._validation = self._matching("validation") if self._has_validation() else None
        self.validation_count = None if self._validation is None else len(self._validation[1])

    @abstractmethod
    def _arrays(self, part: str) -> Arrays:
        """Images and labels as they come."""

    @abstractmethod
    def _names(self) -> Any:
        """The classes' names as `checks.class_names` takes them, or None."""

    @abstractmethod
    def _has_validation(self) -> bool:
        """Whether there are images to validate on."""

    @abstractmethod
    def refuse_without_test(self) -> None:
        """Raises InputError if there is no test split, without reading it."""

    def train(self, room: int | None = None) -> Examples:
        return self._examples(self._train)

    def validation(self, room: int | None = None) -> Examples | None:
        return None if self._validation is None else self._examples(self._validation)

    def test(self) -> Examples | Streamed:
        return self._examples(self._matching("test"))

    def _examples(self, arrays: Arrays) -> Examples:
        images, labels = arrays
        return Examples(resized(images, self.image_size, self._centre_crop), labels)

    def _matching(self, part: str) -> Arrays:
        """A part beside the training images. Raises InputError if it is not one for them."""
        images, labels = self._checked(part)
        of_train = self.channels, len(self.classes)
        checks.refuse_mismatch(self._where, self._called(part), images.shape[-1], labels, of_train)
        return images, labels

    def _checked(self, part: str) -> Arrays:
        images, labels = self._arrays(part)
        name = self._called(part)
        images = checks.images_of(self._where, f"x_{name}", images)
        height, width = images.shape[1:3]
        checks.refuse_oblong(self._where, height, width, self._wanted_size)
        return images, checks.labels_of(self._where, f"y_{name}", labels, len(images))

    def _called(self, part: str) -> str:
        """What follows x_ and y_ in the names of a part's arrays."""
        return part

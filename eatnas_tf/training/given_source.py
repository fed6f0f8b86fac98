"""Datasets that a program hands in: arrays, or tf.data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training.array_source import Arrays, ArraySource, class_names
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, memory_limit, resized

if TYPE_CHECKING:
    import tensorflow as tf

NAME = "given:"  # and a digest: what a work folder's settings call such a dataset
WHERE = "data"
SAMPLED = 1000  # images that a digest takes in of a dataset too large for memory


@dataclass(frozen=True)
class Datasets:
    """A dataset of one's own: training images, and a test split for retrainings.

    Each is a pair of arrays, uint8 (count, height, width[, channels]) and whole labels (count,), or a
    `tf.data.Dataset` of (uint8 image (height, width, channels), whole label), in batches or not, that comes
    in the same order every time. `classes` are the classes' names.
    """

    train: Any
    test: Any = None
    classes: Sequence[str] | None = None


def given_source(datasets: Datasets, image_size: int | None) -> GivenSource | StreamedSource:
    """The source of a dataset, in memory if it fits. Raises InputError."""
    train = _read("train", datasets.train, image_size)
    test = None if datasets.test is None else _read("test", datasets.test, image_size)
    if isinstance(train, DatasetStreamed):
        return StreamedSource(train, test, datasets.classes)
    return GivenSource(train, test, datasets.classes, image_size)


class GivenSource(ArraySource):
    """A dataset whose training images are in memory."""

    def __init__(
        self,
        train: Arrays,
        test: Arrays | DatasetStreamed | None,
        names: Sequence[str] | None,
        image_size: int | None,
    ) -> None:
        self._parts = {"train": train, "test": test}
        self._given_names = names
        super().__init__(WHERE, image_size)
        if isinstance(test, tuple):
            self._matching()
        self.name = NAME + _digest(train)

    def __getstate__(self) -> dict[str, Any]:
        """For a worker, which never tests."""
        return {**vars(self), "_parts": {}}

    def test(self) -> Examples | Streamed:  # type: ignore[override]
        test = self._parts["test"]
        return (
            replace(test, image_size=self.image_size) if isinstance(test, DatasetStreamed) else super().test()
        )

    def refuse_without_test(self) -> None:
        _refuse_without_test(self._parts["test"])

    def _arrays(self, part: str) -> Arrays:
        arrays = self._parts[part]
        assert isinstance(arrays, tuple)
        return arrays

    def _names(self) -> Sequence[str] | None:
        return self._given_names


class StreamedSource:
    """A dataset that is read from tf.data as it is needed, in this process only."""

    validation_count: int | None = None
    encoding: Encoding | None = None

    def __init__(
        self, train: DatasetStreamed, test: Arrays | DatasetStreamed | None, names: Sequence[str] | None
    ) -> None:
        self._train, self._test = train, test
        self.image_size, self.channels = train.image_size, train.channels
        self.train_count = len(train)
        counts = np.bincount(train.labels)
        self.classes = class_names(WHERE, names, len(counts))
        counts.resize(len(self.classes))
        self.class_counts: tuple[int, ...] | None = tuple(counts.tolist())
        self.name = NAME + _digest(train.sample())

    def train(self, room: int | None = None) -> Streamed:
        return self._train

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        return None

    def test(self) -> Examples | Streamed:
        if isinstance(self._test, tuple):
            return GivenSource(self._test, None, self.classes, self.image_size).train()
        assert self._test is not None
        return self._test

    def refuse_without_test(self) -> None:
        _refuse_without_test(self._test)


@dataclass(frozen=True)
class DatasetStreamed(Streamed):
    """The `places` of a tf.data.Dataset of (image, label) pairs, in its order; `labels` are those of all."""

    pairs: tf.data.Dataset
    labels: np.ndarray
    places: np.ndarray
    channels: int
    image_size: int

    def __len__(self) -> int:
        return len(self.places)

    def dataset(self, shuffle_seed: int | None = None) -> tf.data.Dataset:
        import tensorflow as tf

        kept = np.zeros(len(self.labels), bool)
        kept[self.places] = True
        chosen = tf.constant(kept)
        pairs = self.pairs.enumerate().filter(lambda number, pair: chosen[number])
        pairs = pairs.map(lambda number, pair: pair)
        return pairs if shuffle_seed is None else pairs.shuffle(4096, shuffle_seed)

    def divided(self, wanted: int, held_out: int, seed: int) -> tuple[DatasetStreamed, DatasetStreamed]:
        drawn = self._drawn(wanted, seed)
        return replace(self, places=drawn[held_out:]), replace(self, places=drawn[:held_out])

    def cut(self, wanted: int, seed: int) -> DatasetStreamed:
        return replace(self, places=self._drawn(wanted, seed))

    def sample(self) -> Arrays:
        """The pixels of the first images in one row, and all labels."""
        images = [image.ravel() for image, _ in self.dataset().take(SAMPLED).as_numpy_iterator()]
        return np.concatenate(images), self.labels

    def _drawn(self, wanted: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).permutation(self.places)[:wanted]


def _read(part: str, given: Any, image_size: int | None) -> Arrays | DatasetStreamed:
    """A split in memory, or streamed if it does not fit."""
    if isinstance(given, tuple | list) and len(given) == 2:
        return np.asarray(given[0]), np.asarray(given[1])
    pairs, channels = _pairs(part, given)
    images: list[np.ndarray] = []
    labels, room = [], memory_limit()
    for image, label in pairs.as_numpy_iterator():
        labels.append(label)
        if room >= 0:
            images.append(image if image_size is None else resized(image[None], image_size)[0])
            room -= images[-1].nbytes
        else:
            images.clear()
    if not labels:
        raise InputError(f"{WHERE}: {part} has no image")
    if len({image.shape for image in images}) > 1 or (room < 0 and image_size is None):
        raise InputError(f"{WHERE}: images of {part} differ in size or are many; give image_size")
    if room >= 0:
        return np.stack(images), np.asarray(labels)
    known = np.asarray(labels)
    return DatasetStreamed(pairs, known, np.arange(len(known)), channels, int(image_size or 0))


def _pairs(part: str, given: Any) -> tuple[tf.data.Dataset, int]:
    """(image, label) pairs one by one, and the images' channels."""
    spec = getattr(given, "element_spec", None)
    if not isinstance(spec, tuple) or len(spec) != 2:
        raise InputError(
            f"{WHERE}: {part} is {type(given).__name__}; expected (images, labels), "
            "or a tf.data.Dataset of such pairs"
        )
    if int(given.cardinality()) == -1:  # INFINITE_CARDINALITY
        raise InputError(f"{WHERE}: {part} never ends; hand it in without repeat()")
    batched = spec[0].shape.rank == 4
    image, label = (one.shape[batched:] for one in spec)
    if spec[0].dtype != "uint8" or image.rank != 3 or image[-1] is None:
        raise InputError(
            f"{WHERE}: images of {part} are {spec[0].dtype.name} {spec[0].shape}; "
            "expected uint8 (height, width, channels), 0 to 255: they are whitened here"
        )
    if not spec[1].dtype.is_integer or label.rank != 0:
        raise InputError(
            f"{WHERE}: labels of {part} are {spec[1].dtype.name} {label}; expected a whole number an image"
        )
    return given.unbatch() if batched else given, image[-1]


def _refuse_without_test(test: object) -> None:
    if test is None:
        raise InputError(f"{WHERE}: no test split; a retraining ends with a test, hand one in as test=")


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]

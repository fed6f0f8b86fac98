"""Datasets that a program hands in: arrays, or tf.data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training import checks
from eatnas_tf.training.array_source import Arrays, ArraySource
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, memory_limit, resized
from eatnas_tf.training.given_pairs import in_order, pairs_of, with_whole_labels

if TYPE_CHECKING:
    import tensorflow as tf

NAME = "given:"  # and a digest: what a work folder's settings call such a dataset
WHERE = "data"
SAMPLED = 1000  # images that a digest takes in of a dataset too large for memory


@dataclass(frozen=True)
class Datasets:
    """A dataset of one's own: training images, a test split for retrainings, and maybe one to validate on.

    Each is a pair of arrays or a `tf.data.Dataset` of (image, label) pairs, in batches or not:

    - Images are uint8, 0 to 255, of shape (height, width, channels) with 1 or 3 channels; in an array
      (count, height, width[, channels]). No other type is taken, since its values alone do not say which
      range they are from: scale 16-bit and float images yourself, all of them alike.
    - Labels are whole numbers from 0, of shape (), or (1,) as `keras.datasets` has them. They may be of any
      type that holds whole numbers.
    - A `tf.data.Dataset` has to come in the same order every time. `image_dataset_from_directory` does with
      `shuffle=False`; `.map(lambda image, label: (tf.cast(tf.round(image), tf.uint8), label))` makes uint8
      images of its own.

    `classes` are the classes' names: a list in the order of the labels, or a dict of names and labels.
    Without `validation`, a part of the training images is held out to validate on.
    """

    train: Any
    test: Any = None
    classes: Sequence[Any] | Mapping[Any, Any] | None = None
    validation: Any = None


def given_source(datasets: Datasets, image_size: int | None) -> GivenSource | StreamedSource:
    """The source of a dataset, in memory if it fits. Raises InputError."""
    given = {"train": datasets.train, "validation": datasets.validation, "test": datasets.test}
    parts = {name: _read(name, part, image_size) for name, part in given.items() if part is not None}
    if "train" not in parts:
        raise InputError(f"{WHERE}: train is None; expected (images, labels), or a tf.data.Dataset")
    if isinstance(parts["train"], DatasetStreamed):
        return StreamedSource(parts, datasets.classes)
    if isinstance(parts.get("validation"), DatasetStreamed):
        raise InputError(f"{WHERE}: validation does not fit into memory as train does; hand in fewer images")
    return GivenSource(parts, datasets.classes, image_size)


class GivenSource(ArraySource):
    """A dataset whose training images are in memory."""

    def __init__(
        self, parts: Mapping[str, Arrays | DatasetStreamed], names: Any, image_size: int | None
    ) -> None:
        self._parts, self._given_names = parts, names
        super().__init__(WHERE, image_size)
        test = parts.get("test")
        if isinstance(test, tuple):
            self._matching("test")
        elif test is not None:
            _refuse_mismatch("test", test, self)
        self.name = NAME + _digest(_sample(parts["train"]))

    def __getstate__(self) -> dict[str, Any]:
        """For a worker, which never tests."""
        return {**vars(self), "_parts": {}}

    def test(self) -> Examples | Streamed:
        test = self._parts["test"]
        if isinstance(test, DatasetStreamed):
            return replace(test, image_size=self.image_size)
        return super().test()

    def refuse_without_test(self) -> None:
        _refuse_without_test(self._parts)

    def fingerprint(self, tests: bool) -> str:
        """As `data.Source`."""
        return _fingerprint(self._parts, self.name, tests)

    def _arrays(self, part: str) -> Arrays:
        arrays = self._parts[part]
        assert isinstance(arrays, tuple)
        return arrays

    def _names(self) -> Any:
        return self._given_names

    def _has_validation(self) -> bool:
        return "validation" in self._parts


class StreamedSource:
    """A dataset that is read from tf.data as it is needed, in this process only."""

    validation_count: int | None = None
    encoding: Encoding | None = None

    def __init__(self, parts: Mapping[str, Arrays | DatasetStreamed], names: Any) -> None:
        train = parts["train"]
        assert isinstance(train, DatasetStreamed)
        self._parts = parts
        self.image_size, self.channels = train.image_size, train.channels
        self.train_count = len(train)
        self.classes = checks.classes_of(WHERE, "y_train", train.labels, names)
        counts = np.bincount(train.labels, minlength=len(self.classes))
        self.class_counts: tuple[int, ...] | None = tuple(counts.tolist())
        self._others = {name: self._other(name) for name in parts if name != "train"}
        self.validation_count = len(self._others["validation"]) if "validation" in parts else None
        self.name = NAME + _digest(_sample(train))

    def train(self, room: int | None = None) -> Streamed:
        train = self._parts["train"]
        assert isinstance(train, DatasetStreamed)
        return train

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        return self._others.get("validation")

    def test(self) -> Examples | Streamed:
        return self._others["test"]

    def refuse_without_test(self) -> None:
        _refuse_without_test(self._parts)

    def fingerprint(self, tests: bool) -> str:
        """As `data.Source`."""
        return _fingerprint(self._parts, self.name, tests)

    def _other(self, name: str) -> Examples | Streamed:
        """A part beside the training images. Raises InputError if it is not one for them."""
        part = self._parts[name]
        if isinstance(part, DatasetStreamed):
            _refuse_mismatch(name, part, self)
            return part
        images = checks.images_of(WHERE, f"x_{name}", part[0])
        labels = checks.labels_of(WHERE, f"y_{name}", part[1], len(images))
        checks.refuse_mismatch(WHERE, name, images.shape[-1], labels, (self.channels, len(self.classes)))
        return Examples(resized(images, self.image_size), labels)


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

    def _drawn(self, wanted: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).permutation(self.places)[:wanted]


def _read(part: str, given: Any, image_size: int | None) -> Arrays | DatasetStreamed:
    """A split in memory, or streamed if it does not fit."""
    if isinstance(given, tuple | list) and len(given) == 2:
        return _array(f"x_{part}", given[0]), _array(f"y_{part}", given[1])
    pairs, channels = pairs_of(WHERE, part, given)
    images: list[np.ndarray] = []
    labels, room = [], memory_limit()
    for image, label in in_order(f"{WHERE}: {part}", pairs):
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
    found = np.asarray(labels)
    whole = checks.labels_of(WHERE, f"y_{part}", found, len(labels))
    known = found if found.dtype.kind in "iu" and found.ndim == 1 else whole  # the digest takes them in
    places = np.arange(len(known))
    return DatasetStreamed(with_whole_labels(pairs), known, places, channels, int(image_size or 0))


def _array(name: str, given: Any) -> np.ndarray:
    """An array, tensor or list as an array. Raises InputError."""
    if hasattr(given, "element_spec"):
        raise InputError(
            f"{WHERE}: {name.partition('_')[2]} is a pair of datasets; expected one of (image, label) pairs: "
            "give them apart, as train= and validation="
        )
    try:
        return np.asarray(given)
    except ValueError:  # a list of images that differ in size
        raise InputError(f"{WHERE}: {name} has entries of several shapes; make them alike") from None


def _refuse_mismatch(name: str, part: DatasetStreamed, source: GivenSource | StreamedSource) -> None:
    of_train = source.channels, len(source.classes)
    checks.refuse_mismatch(WHERE, name, part.channels, part.labels, of_train)


def _refuse_without_test(parts: Mapping[str, object]) -> None:
    if "test" not in parts:
        raise InputError(f"{WHERE}: no test split; a retraining ends with a test, hand one in as test=")


def _sample(part: Arrays | DatasetStreamed) -> Arrays:
    """Images and labels; of a part that is streamed the pixels of the first images in one row."""
    if not isinstance(part, DatasetStreamed):
        return part
    images = [image.ravel() for image, _ in part.dataset().take(SAMPLED).as_numpy_iterator()]
    return np.concatenate(images), part.labels


def _fingerprint(parts: Mapping[str, Arrays | DatasetStreamed], name: str, tests: bool) -> str:
    others = [part for part in ("validation", "test") if part in parts and (tests or part != "test")]
    return "-".join([name.removeprefix(NAME), *(_digest(_sample(parts[part])) for part in others)])


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]

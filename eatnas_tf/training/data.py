"""Datasets: the embedded one, tensorflow-datasets by name, and `npz:PATH`.

A source gives the training and the test split apart, and reads a split when it is asked for it: a search and
a selection never ask for the test split. TensorFlow is imported where images are made, not to refuse a file.
"""

from __future__ import annotations

import importlib.resources
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.network import npz

if TYPE_CHECKING:
    import tensorflow as tf

EMBEDDED = "fashion_mnist_mini"
MOST_CLASSES = 100_000


@dataclass(frozen=True)
class Examples:
    """Images in memory: uint8 (count, size, size, channels), labels int32 (count,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: np.ndarray) -> Examples:
        return Examples(self.images[indices], self.labels[indices])

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of every channel, float32 (channels,)."""
        flat = self.images.reshape(-1, self.images.shape[-1])
        mean, deviation = flat.mean(0, dtype=np.float64), flat.std(0, dtype=np.float64)
        return mean.astype(np.float32), np.maximum(deviation, 1e-3).astype(np.float32)


@dataclass(frozen=True)
class Streamed:
    """Images too many for memory: `ranges` of a tensorflow-datasets split, read as needed."""

    builder: Any
    split: str
    ranges: tuple[tuple[int, int], ...]
    image_size: int

    def __len__(self) -> int:
        return sum(stop - start for start, stop in self.ranges)

    def dataset(self, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """(uint8 image of its own size, label) pairs, shuffled if a seed is given."""
        import tensorflow_datasets as tfds

        instruction = "+".join(f"{self.split}[{start}:{stop}]" for start, stop in self.ranges)
        config = tfds.ReadConfig(shuffle_seed=shuffle_seed, interleave_cycle_length=16)
        dataset = self.builder.as_dataset(
            instruction, shuffle_files=shuffle_seed is not None, as_supervised=True, read_config=config
        )
        return dataset if shuffle_seed is None else dataset.shuffle(4096, shuffle_seed)

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of every channel over the first 10,000 images."""
        total, squares, pixels = 0.0, 0.0, 0
        for image, _ in self.dataset().take(10_000).as_numpy_iterator():
            flat = image.reshape(-1, image.shape[-1]).astype(np.float64)
            total, squares, pixels = total + flat.sum(0), squares + (flat**2).sum(0), pixels + len(flat)
        mean = np.asarray(total / pixels)
        deviation = np.sqrt(np.maximum(squares / pixels - mean**2, 1e-6))
        return mean.astype(np.float32), deviation.astype(np.float32)


class Source(Protocol):
    """A dataset that is opened but of which no split was read yet."""

    classes: tuple[str, ...]
    channels: int
    image_size: int
    train_count: int

    def train(self, processes: int = 1) -> Examples | Streamed:
        """In memory if it fits where so many processes hold the same."""
        ...

    def test(self) -> Examples | Streamed: ...

    def refuse_without_test(self) -> None:
        """Raises InputError if there is no test split, without reading it."""


def open_source(config: DataConfig, image_size: int | None) -> Source:
    """The dataset that `config` names, resized to `image_size` if given. Raises InputError."""
    if config.dataset == EMBEDDED:
        path = importlib.resources.files("eatnas_tf.data") / "fashion_mnist_mini.npz"
        return NpzSource(Path(str(path)), image_size)
    if config.dataset.startswith("npz:"):
        return NpzSource(Path(config.dataset.removeprefix("npz:")), image_size)
    return TfdsSource(config.dataset, config.data_dir, image_size)


def split(
    examples: Examples | Streamed, config: DataConfig, seed: int
) -> tuple[Examples | Streamed, Examples | Streamed]:
    """`train_examples` of the training part, divided into (train, validation) by the seed."""
    count = len(examples)
    wanted, held_out = division(config, count)
    if isinstance(examples, Streamed):
        return _divided(examples, wanted, held_out, seed)
    order = np.random.default_rng(seed).permutation(count)[:wanted]
    return examples.take(order[held_out:]), examples.take(order[:held_out])


def division(config: DataConfig, count: int) -> tuple[int, int]:
    """Of `count` training images: how many are used, and how many of those to validate on, or InputError."""
    wanted = config.train_examples or count
    if wanted > count:
        raise InputError(f"--train_examples: {wanted} is more than the {count} training images there are")
    held_out = round(wanted * config.validation) if config.validation < 1 else round(config.validation)
    if not 0 < held_out < wanted:
        raise InputError(
            f"--validation: {held_out} of {wanted} training images; expected at least 1 and fewer than all"
        )
    return wanted, held_out


def cut(examples: Examples | Streamed, config: DataConfig, seed: int) -> Examples | Streamed:
    """All of the training part that `train_examples` leaves, train and validation of `split` together."""
    if config.train_examples is None:
        return examples
    wanted, _ = division(config, len(examples))
    if isinstance(examples, Streamed):
        return _stretches(examples, [(0, wanted)])
    return examples.take(np.random.default_rng(seed).permutation(len(examples))[:wanted])


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
        return names


class TfdsSource:
    """An image classification dataset of tensorflow-datasets, prepared on first use."""

    def __init__(self, name: str, data_dir: str | None, image_size: int | None) -> None:
        import tensorflow_datasets as tfds

        try:
            self._builder = tfds.builder(name, data_dir=data_dir)
        except Exception as error:
            raise InputError(
                f"dataset {name!r} is not known ({_first_line(error)}); expected {EMBEDDED}, npz:PATH or a "
                "name of tensorflow-datasets such as cifar10"
            ) from None
        features = self._builder.info.features
        if self._builder.info.supervised_keys != ("image", "label"):
            raise InputError(
                f"dataset {name!r} is not one for image classification: it has no image and label"
            )
        try:
            self._builder.download_and_prepare()
        except Exception as error:
            raise InputError(
                f"dataset {name!r} could not be prepared ({_first_line(error)}); put it under "
                f"--data_dir, which is {self._builder._data_dir_root}"
            ) from None
        height, width, self.channels = features["image"].shape
        self._fixed = height is not None and width is not None
        if image_size is None and not (self._fixed and height == width):
            raise InputError(f"dataset {name!r}: images differ in size or are not square; give --image_size")
        self.image_size = image_size or height
        self.classes = tuple(features["label"].names)
        self.train_count = self._builder.info.splits["train"].num_examples

    def train(self, processes: int = 1) -> Examples | Streamed:
        return self._split("train", processes)

    def test(self) -> Examples | Streamed:
        """The split called test, or validation where there is no labelled test split (ImageNet)."""
        return self._split(self._test_name())

    def refuse_without_test(self) -> None:
        if self._test_name() not in self._builder.info.splits:
            raise InputError(f"dataset {self._builder.name!r} has no {self._test_name()} split to test on")

    def _test_name(self) -> str:
        return "validation" if self._builder.name.startswith("imagenet") else "test"

    def _split(self, name: str, processes: int = 1) -> Examples | Streamed:
        count = self._builder.info.splits[name].num_examples
        streamed = Streamed(self._builder, name, ((0, count),), self.image_size)
        if count * self.image_size**2 * self.channels > memory_limit() // processes:
            return streamed
        images, labels = [], []
        for image, label in streamed.dataset().as_numpy_iterator():
            images.append(resized(image[None], self.image_size)[0])
            labels.append(label)
        return Examples(np.stack(images), np.asarray(labels, np.int32))


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Images of another size, uint8; those of the right size as they are."""
    if images.shape[1:3] == (size, size):
        return images
    import tensorflow as tf

    return tf.cast(tf.round(resize(images, size)), tf.uint8).numpy()


def resize(images: Any, size: int) -> Any:
    """A batch of images at another size, float32: shrunk by area averaging, enlarged bilinearly."""
    import tensorflow as tf

    shrinks = tf.reduce_min(tf.shape(images)[1:3]) >= size
    methods = tf.image.ResizeMethod
    return tf.cond(
        shrinks,
        lambda: tf.image.resize(images, (size, size), methods.AREA),
        lambda: tf.image.resize(images, (size, size), methods.BILINEAR),
    )


def memory_limit() -> int:
    """Bytes of pixels that may be held in memory: a quarter of the machine's."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4


def _divided(examples: Streamed, wanted: int, held_out: int, seed: int) -> tuple[Streamed, Streamed]:
    """Validation from a hundred stretches of the split, drawn from the seed.

    Records lie in an order shuffled at preparation, so that stretches are as good a sample as single images
    and can be read without going through all of them.
    """
    stretches = min(100, held_out, wanted - held_out)
    edges = [round(edge * wanted / stretches) for edge in range(stretches + 1)]
    takes = [
        round((part + 1) * held_out / stretches) - round(part * held_out / stretches)
        for part in range(stretches)
    ]
    rng = np.random.default_rng(seed)
    train, validation = [], []
    for start, stop, take in zip(edges[:-1], edges[1:], takes, strict=True):
        first = start + int(rng.integers(0, stop - start - take + 1))
        validation.append((first, first + take))
        train += [(start, first), (first + take, stop)]
    return _stretches(examples, train), _stretches(examples, validation)


def _stretches(examples: Streamed, ranges: Iterable[tuple[int, int]]) -> Streamed:
    filled = tuple((start, stop) for start, stop in ranges if stop > start)
    return Streamed(examples.builder, examples.split, filled, examples.image_size)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return f"{type(error).__name__}: {lines[0]}"

"""Images with labels: in memory, or streamed where there are too many, and how they get their size.

TensorFlow is imported where images are made, not to refuse a file.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError
from eatnas_tf.training.machine import memory_limits
from eatnas_tf.training.passes import told

if TYPE_CHECKING:
    import tensorflow as tf

    from eatnas_tf.training.patches import Box

UNREADABLE = -1  # the label of an image that cannot be read; one black pixel stands in its place


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


class Streamed(ABC):
    """Images too many for memory, read as needed.

    `image_size` is what they are to be resized to, of the whole or of the part that `centre_crop` says.
    """

    channels: int
    image_size: int
    centre_crop: float | None = None

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def dataset(self, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """(uint8 image of its own size, label) pairs, shuffled if a seed is given.

        What cannot be read keeps its place, labelled UNREADABLE, so that whoever counts steps counts right.
        """

    def patches(self, shuffle_seed: int | None, box: Box) -> tf.data.Dataset:
        """(float32 patch of `image_size`, label) pairs in the order of `dataset`."""
        import tensorflow as tf

        from eatnas_tf.training.patches import patch

        def cut_out(number: Any, pair: Any) -> tuple[Any, Any]:
            image, label = pair
            return patch(image, box(number, tf.shape(image)[:2]), self.image_size), label

        dataset = self.dataset(shuffle_seed).enumerate()
        return dataset.map(cut_out, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block that reads them. Raises InputError for a file that cannot be read, if one is found."""
        import tensorflow as tf

        failures = tf.errors.DataLossError, tf.errors.NotFoundError, tf.errors.PermissionDeniedError
        try:
            yield
        except (*failures, tf.errors.UnknownError) as error:
            self.refuse_damaged(error)
            raise

    def refuse_damaged(self, error: tf.errors.OpError) -> None:  # noqa: B027 (not all know their files)
        """Looks for the file that reading failed with `error` at; raises InputError if it finds one."""

    def identity(self) -> str | None:
        """A text that two runs have in common only for the same images; None if nothing tells."""
        return None

    @abstractmethod
    def divided(self, wanted: int, held_out: int, seed: int) -> tuple[Streamed, Streamed]:
        """`wanted` of the images as (train, validation), `held_out` of them the latter, by the seed."""

    @abstractmethod
    def cut(self, wanted: int, seed: int) -> Streamed:
        """Both parts of `divided` together."""

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of every channel over the first 10,000 images."""
        total, squares, pixels = 0.0, 0.0, 0
        for image, _ in self._readable(10_000, "channel statistics"):
            flat = image.reshape(-1, image.shape[-1]).astype(np.float64)
            total, squares, pixels = total + flat.sum(0), squares + (flat**2).sum(0), pixels + len(flat)
        mean = np.asarray(total / pixels)
        deviation = np.sqrt(np.maximum(squares / pixels - mean**2, 1e-6))
        return mean.astype(np.float32), deviation.astype(np.float32)

    def read(self) -> Examples:
        """All of them that can be read, resized, in memory; a warning says how many cannot."""
        images = np.empty((len(self), self.image_size, self.image_size, self.channels), np.uint8)
        labels: list[int] = []
        for image, label in self._readable(len(self), "reading images"):
            images[len(labels)] = resized(image[None], self.image_size, self.centre_crop)[0]
            labels.append(label)
        warn_of_unreadable(len(self) - len(labels), len(self))
        return Examples(images[: len(labels)], np.asarray(labels, np.int32))

    def _readable(self, first: int, what: str) -> Iterator[tuple[np.ndarray, int]]:
        """Of so many images those that can be read, for `what`. Raises InputError if that is none."""
        count, total = 0, min(first, len(self))
        with self.reading():
            for image, label in told(what, total, self.dataset().take(first).as_numpy_iterator()):
                if label != UNREADABLE:
                    count += 1
                    yield image, label
        refuse_unread(count, total)


def digest(content: object) -> str:
    """Of a value whose repr says all of it."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def refuse_unread(count: float, of: int) -> None:
    """Raises InputError if not one image could be read, whatever happened to their files."""
    if not count:
        raise InputError(f"none of {of} images can be read; look at the dataset's files")


def warn_of_unreadable(count: int, of: int) -> None:
    if count:
        logging.warning("%d of %d images cannot be read and are left out", count, of)


def in_memory_if_it_fits(streamed: Streamed, room: int | None = None) -> Examples | Streamed:
    """The images in memory, resized, if they fit into so many bytes; None: into what there is now."""
    wanted = len(streamed) * streamed.image_size**2 * streamed.channels
    if wanted > (memory_limit() if room is None else room):
        return streamed
    return streamed.read()


def resized(images: np.ndarray, size: int, centre_crop: float | None = None) -> np.ndarray:
    """Images, or their centres, at another size, uint8; those of the right size as they are."""
    images = centre(images, centre_crop)
    if images.shape[1:3] == (size, size):
        return images
    import tensorflow as tf

    return tf.cast(tf.round(resize(images, size)), tf.uint8).numpy()


def centre(images: Any, part: float | None) -> Any:
    """The square in the middle of a batch of images whose side is a part of their shorter one; None: all."""
    if part is None:
        return images
    height, width = images.shape[1:3]
    if height is None or width is None:
        return _centre_of_any_size(images, part)
    side = max(1, round(part * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, top : top + side, left : left + side]


def _centre_of_any_size(images: Any, part: float) -> Any:
    """`centre` in a graph that does not know the images' size."""
    import tensorflow as tf

    height, width = (tf.shape(images)[axis] for axis in (1, 2))
    shorter = tf.cast(tf.minimum(height, width), tf.float64)
    side = tf.maximum(1, tf.cast(tf.round(part * shorter), tf.int32))
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, top : top + side, left : left + side]


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
    """Bytes of pixels that may be held in memory: a quarter of what this machine or container has.

    Less if less is free. The quarter comes first, so that a run's images are held or streamed alike on every
    day on which the machine is not short of memory.
    """
    there_is = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_container_limit()]
    return min([min(there_is) // 4, *_free()])


def _container_limit() -> list[int]:
    """Bytes that this process may use by the limits of its container and of all containers around it."""
    return memory_limits()


def _free() -> list[int]:
    """A third of the bytes that Linux could give without swapping: images lie there twice while they are
    split and handed to a graph, and the training needs some, too.
    """
    with suppress(OSError, IndexError, ValueError):
        status = Path("/proc/meminfo").read_text(encoding="ascii")
        return [int(status.split("MemAvailable:")[1].split()[0]) * 1024 // 3]
    return []

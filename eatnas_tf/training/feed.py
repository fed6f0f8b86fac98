"""Feeds: how the batches of an epoch reach the training graph, from memory or through tf.data.

A feed's `batch` runs once a step in the graph; `load` runs in every replica and gives its share of the batch
as (images, labels, weights). A weight is 1; where a batch has fewer images than there are replicas, the ones
without an image get the last one with weight 0.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.training.augmentation import area_boxes, augmentation, scale_boxes
from eatnas_tf.training.examples import UNREADABLE, Examples, Streamed, centre, resize, warn_of_unreadable
from eatnas_tf.training.machine import cores


def feed_of(examples: Examples | Streamed, batch_size: int, recipe: TrainingConfig | None = None) -> Feed:
    """Batches of `examples`, augmented as a recipe says if one is given."""
    recipe = recipe or TrainingConfig(augmentation="none")
    if isinstance(examples, Examples):
        return MemoryFeed(examples, batch_size, recipe)
    return StreamFeed(examples, batch_size, recipe)


class MemoryFeed:
    """Batches gathered inside the graph from images that lie in memory; its state is their order."""

    def __init__(self, examples: Examples, batch_size: int, recipe: TrainingConfig) -> None:
        self._images, self._labels = tf.constant(examples.images), tf.constant(examples.labels)
        self.reading, self.count = nullcontext, len(examples)
        self._batch_size = batch_size
        self.steps = math.ceil(self.count / batch_size)
        fixed_from = (recipe.epochs - recipe.fixed_scale_epochs) * self.steps
        self.augment = augmentation(recipe.augmentation, recipe.cutout, fixed_from)

    def begin(self, rng: np.random.Generator | None, epoch: int = 0) -> Any:
        """The state of one pass: shuffled by `rng`, or in order without one."""
        order = np.arange(self.count) if rng is None else rng.permutation(self.count)
        return tf.constant(order, tf.int32)

    def batch(self, order: Any, number: Any) -> tuple[Any, ...]:
        return (order[number * self._batch_size : (number + 1) * self._batch_size],)

    def load(self, batch: tuple[Any, ...], replica: Any, replicas: int) -> tuple[Any, Any, Any]:
        places, weights = _share(tf.size(batch[0]), replica, replicas)
        mine = tf.gather(batch[0], places)
        return tf.gather(self._images, mine), tf.gather(self._labels, mine), weights


class StreamFeed:
    """Batches read, cropped or resized by tf.data; its state is an iterator.

    An image that cannot be read is missing in its batch, which is smaller then; where all of a batch are,
    one stays with weight 0.
    """

    def __init__(self, examples: Streamed, batch_size: int, recipe: TrainingConfig) -> None:
        self._examples, self._batch_size = examples, batch_size
        self._fixed_from = recipe.epochs - recipe.fixed_scale_epochs
        # Patches are cut out of images of their own size, before those are made small.
        self._boxes = {"area_crop": area_boxes, "scale_crop": scale_boxes}.get(recipe.augmentation)
        self.reading, self.count = examples.reading, len(examples)
        self.unreadable = 0  # of what was warned
        self.steps = math.ceil(self.count / batch_size)
        self.augment = augmentation("flip" if self._boxes else recipe.augmentation, recipe.cutout)

    def begin(self, rng: np.random.Generator | None, epoch: int = 0) -> Any:
        """The state of one pass: shuffled by `rng`, or in order without one."""
        seed = None if rng is None else int(rng.integers(2**31))
        batches = self._images(seed, epoch).batch(self._batch_size).enumerate()
        batches = batches.map(partial(self._readable, Unreadable(self))).prefetch(2)
        return iter(batches.with_options(_threads()))

    def _images(self, seed: int | None, epoch: int) -> Any:
        """All images at the frame's size: a random patch where the recipe has them, else the whole."""
        boxes = self._boxes
        if boxes is None:
            return self._examples.dataset(seed).map(self._whole, num_parallel_calls=tf.data.AUTOTUNE)

        def box(number: Any, shape: Any) -> Any:
            ratio = tf.cast(shape[0] / shape[1], tf.float32)
            drawn = tf.stack([seed or 0, tf.cast(number, tf.int32)])
            return boxes(1, ratio, drawn, epoch >= self._fixed_from)[0]

        return self._examples.patches(seed, box)

    def batch(self, iterator: Any, number: Any) -> tuple[Any, ...]:
        images, labels = next(iterator)
        return images, tf.cast(labels, tf.int32)

    def load(self, batch: tuple[Any, ...], replica: Any, replicas: int) -> tuple[Any, Any, Any]:
        images, labels = batch
        places, weights = _share(tf.size(labels), replica, replicas)
        mine = tf.gather(labels, places)
        weights *= tf.cast(mine != UNREADABLE, tf.float32)
        return tf.gather(images, places), tf.maximum(mine, 0), weights

    def _whole(self, image: Any, label: Any) -> tuple[Any, Any]:
        size = self._examples.image_size
        seen = resize(centre(image[None], self._examples.centre_crop), size)[0]
        return tf.ensure_shape(seen, (size, size, image.shape[-1])), label

    def _readable(self, lost: Unreadable, number: Any, batch: tuple[Any, Any]) -> tuple[Any, Any]:
        """A batch without what cannot be read."""
        images, labels = batch
        good = labels != UNREADABLE
        missing, last = tf.math.count_nonzero(~good), number == self.steps - 1
        told = tf.cond(
            last | (missing > 0),
            lambda: tf.numpy_function(lost, [missing, last], tf.bool),
            lambda: tf.constant(True),
        )
        with tf.control_dependencies([told]):
            only = ~tf.reduce_any(good) & (tf.range(tf.size(labels)) == 0)
            kept = tf.where(good | only)[:, 0]
        return tf.gather(images, kept), tf.gather(labels, kept)


class Unreadable:
    """Counts what one pass over a feed cannot read; a pass that ends warns if it is more than ever."""

    def __init__(self, feed: StreamFeed) -> None:
        self._feed, self._count = feed, 0

    def __call__(self, missing: np.ndarray, last: np.ndarray) -> np.bool_:
        self._count += int(missing)
        if last and self._count > self._feed.unreadable:
            self._feed.unreadable = self._count
            warn_of_unreadable(self._count, self._feed.count)
        return np.bool_(True)


def _threads() -> tf.data.Options:
    """Reading has threads of its own: operations are given a single one to run side by side."""
    options = tf.data.Options()
    threads = tf.config.threading.get_intra_op_parallelism_threads() or cores()
    options.threading.private_threadpool_size = threads
    return options


Feed = MemoryFeed | StreamFeed


def _share(count: Any, replica: Any, replicas: int) -> tuple[Any, Any]:
    """Places and weights of a replica's share of `count` images: every `replicas`-th, one at the least."""
    places = tf.range(replica, tf.maximum(count, replica + 1), replicas)
    return tf.minimum(places, count - 1), tf.cast(places < count, tf.float32)

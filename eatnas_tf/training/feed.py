"""Feeds: how the batches of an epoch reach the training graph, from memory or through tf.data.

A feed's `batch` runs once a step in the graph; `load` runs in every replica and gives its share of the batch
as (images, labels, weights). A weight is 1; where a batch has fewer images than there are replicas, the ones
without an image get the last one with weight 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.training.augmentation import area_boxes, augmentation, scale_boxes
from eatnas_tf.training.examples import Examples, Streamed, resize


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
        self._batch_size, self._count = batch_size, len(examples)
        self.steps = math.ceil(self._count / batch_size)
        fixed_from = (recipe.epochs - recipe.fixed_scale_epochs) * self.steps
        self.augment = augmentation(recipe.augmentation, recipe.cutout, fixed_from)

    def begin(self, rng: np.random.Generator | None, epoch: int = 0) -> Any:
        """The state of one pass: shuffled by `rng`, or in order without one."""
        order = np.arange(self._count) if rng is None else rng.permutation(self._count)
        return tf.constant(order, tf.int32)

    def batch(self, order: Any, number: Any) -> tuple[Any, ...]:
        return (order[number * self._batch_size : (number + 1) * self._batch_size],)

    def load(self, batch: tuple[Any, ...], replica: Any, replicas: int) -> tuple[Any, Any, Any]:
        places, weights = _share(tf.size(batch[0]), replica, replicas)
        mine = tf.gather(batch[0], places)
        return tf.gather(self._images, mine), tf.gather(self._labels, mine), weights


class StreamFeed:
    """Batches read, cropped or resized by tf.data; its state is an iterator."""

    def __init__(self, examples: Streamed, batch_size: int, recipe: TrainingConfig) -> None:
        self._examples, self._batch_size = examples, batch_size
        self._fixed_from = recipe.epochs - recipe.fixed_scale_epochs
        # Patches are cut out of images of their own size, before those are made small.
        self._boxes = {"area_crop": area_boxes, "scale_crop": scale_boxes}.get(recipe.augmentation)
        self.steps = math.ceil(len(examples) / batch_size)
        self.augment = augmentation("flip" if self._boxes else recipe.augmentation, recipe.cutout)

    def begin(self, rng: np.random.Generator | None, epoch: int = 0) -> Any:
        """The state of one pass: shuffled by `rng`, or in order without one."""
        seed = None if rng is None else int(rng.integers(2**31))
        dataset = self._examples.dataset(seed).enumerate()
        dataset = dataset.map(
            lambda number, pair: (self._sized(pair[0], seed or 0, number, epoch), pair[1]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        return iter(dataset.batch(self._batch_size).prefetch(2))

    def batch(self, iterator: Any, number: Any) -> tuple[Any, ...]:
        images, labels = next(iterator)
        return images, tf.cast(labels, tf.int32)

    def load(self, batch: tuple[Any, ...], replica: Any, replicas: int) -> tuple[Any, Any, Any]:
        images, labels = batch
        places, weights = _share(tf.size(labels), replica, replicas)
        return tf.gather(images, places), tf.gather(labels, places), weights

    def _sized(self, image: Any, seed: int, number: Any, epoch: int) -> Any:
        """One image at the frame's size: a random patch where the recipe has them, else the whole."""
        size = (self._examples.image_size,) * 2
        if self._boxes is None:
            return tf.ensure_shape(resize(image[None], size[0])[0], (*size, image.shape[-1]))
        shape = tf.cast(tf.shape(image), tf.float32)
        drawn = tf.stack([seed, tf.cast(number, tf.int32)])
        box = self._boxes(1, shape[0] / shape[1], drawn, epoch >= self._fixed_from)
        return tf.image.crop_and_resize(tf.cast(image, tf.float32)[None], box, [0], size)[0]


Feed = MemoryFeed | StreamFeed


def _share(count: Any, replica: Any, replicas: int) -> tuple[Any, Any]:
    """Places and weights of a replica's share of `count` images: every `replicas`-th, one at the least."""
    places = tf.range(replica, tf.maximum(count, replica + 1), replicas)
    return tf.minimum(places, count - 1), tf.cast(places < count, tf.float32)

"""Evaluation of a network on a split: the means of what its task measures of every image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from eatnas_tf.training.examples import Examples, Streamed, refuse_unread
from eatnas_tf.training.feed import Feed, feed_of
from eatnas_tf.training.losses import class_sums, sums
from eatnas_tf.training.pace import OnShare, Pace, unheard
from eatnas_tf.training.task import CLASSIFICATION, LearningTask

EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Evaluation:
    """Mean loss, top-1 and top-5 accuracy as fractions over `count` images.

    The accuracies are NaN for a task that has none. `by_class` are hits and images of every class, where
    they were asked for. `means` are those of the task's `values` by name.
    """

    loss: float
    top1: float
    top5: float
    count: int
    by_class: tuple[tuple[int, int], ...] = ()
    means: Mapping[str, float] = field(default_factory=dict)


def evaluation(
    strategy: Any,
    model: keras.Model,
    examples: Examples | Streamed,
    prepare: Callable[[Any], Any],
    classes: int = 0,
    indices: Sequence[int] | None = None,
    task: LearningTask = CLASSIFICATION,
) -> Callable[..., Evaluation]:
    """A function that measures the model, as it is when called, on `examples`; its graph is made once.

    Its argument, if one is given, hears of the share of the images that is done. `prepare` makes
    the model's input from uint8 images. With `classes`, so many are counted one by one. `indices` are the
    model's outputs for the labels 0, 1, … of the examples, if they are not the same.
    """
    outputs = None if indices is None else tf.constant(indices, tf.int32)
    feed = feed_of(examples, EVALUATION_BATCH)

    def step(batch: Any) -> Any:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        images, labels, weights = feed.load(batch, replica, strategy.num_replicas_in_sync)
        if outputs is not None:  # an unreadable image has a label below 0, and weight 0
            labels = tf.gather(outputs, tf.maximum(tf.cast(labels, tf.int32), 0))
        logits = model(prepare(images), training=False)
        logits = tf.cast(logits[0] if isinstance(logits, list) else logits, tf.float32)
        found = sums(weights, *task.evaluated(labels, logits))
        return tf.concat([found, class_sums(logits, labels, weights, classes)], 0) if classes else found

    def steps(state: Any, span: Any, totals: Any) -> Any:
        for number in tf.range(span[0], span[1]):
            totals += strategy.reduce("SUM", strategy.run(step, (feed.batch(state, number),)), axis=None)
        return totals

    count = len(task.values) + 1 + 2 * classes
    arguments = (feed.begin(None), tf.constant([0, 0]), tf.zeros(count))
    graph = tf.function(steps).get_concrete_function(*arguments)
    return partial(measured, graph, task.values, classes, feed)


def measured(
    steps: Callable[..., Any], values: Sequence[str], classes: int, feed: Feed, on_share: OnShare = unheard
) -> Evaluation:
    """What `steps(feed state, [first, last], sums)` adds to sums over all of the feed.

    These are the sums of the values, the loss first, the number of images, and two for each of the classes.
    They go through all calls, so that they do not depend on where one call ends and the next begins.
    Raises InputError if nothing of the feed can be read.
    """
    count = len(values)
    state, found = feed.begin(None), tf.zeros(count + 1 + 2 * classes)
    for first, last in Pace().spans(feed.steps):
        with feed.reading():
            found = steps(state, tf.constant([first, last]), found)
        on_share(last / feed.steps)
    totals = found.numpy().astype(np.float64)
    refuse_unread(totals[count], feed.count)
    means = dict(zip(values, (totals[:count] / totals[count]).tolist(), strict=True))
    hits, images = np.rint(totals[count + 1 :]).astype(int).reshape(2, -1).tolist()
    return Evaluation(
        means[values[0]],
        means.get("top1", math.nan),
        means.get("top5", math.nan),
        int(totals[count]),
        tuple(zip(hits, images, strict=True)),
        means,
    )

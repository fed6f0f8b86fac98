"""Evaluation of a network on a split: cross-entropy, top-1 and top-5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from eatnas_tf.training.examples import Examples, Streamed, refuse_unread
from eatnas_tf.training.feed import Feed, feed_of
from eatnas_tf.training.losses import class_sums, evaluation_sums
from eatnas_tf.training.pace import OnShare, Pace, unheard

EVALUATION_BATCH = 250
TOTALS = 4  # loss, top-1, top-5, images; those of the classes follow


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy, top-1 and top-5 accuracy as fractions over `count` images.

    `by_class` are hits and images of every class, where they were asked for.
    """

    loss: float
    top1: float
    top5: float
    count: int
    by_class: tuple[tuple[int, int], ...] = ()


def evaluation(
    strategy: Any,
    model: keras.Model,
    examples: Examples | Streamed,
    prepare: Callable[[Any], Any],
    classes: int = 0,
    indices: Sequence[int] | None = None,
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
        sums = evaluation_sums(logits, labels, weights)
        return tf.concat([sums, class_sums(logits, labels, weights, classes)], 0) if classes else sums

    def steps(state: Any, span: Any, totals: Any) -> Any:
        for number in tf.range(span[0], span[1]):
            totals += strategy.reduce("SUM", strategy.run(step, (feed.batch(state, number),)), axis=None)
        return totals

    count = TOTALS + 2 * classes
    arguments = (feed.begin(None), tf.constant([0, 0]), tf.zeros(count))
    return partial(measured, tf.function(steps).get_concrete_function(*arguments), count, feed)


def measured(steps: Callable[..., Any], count: int, feed: Feed, on_share: OnShare = unheard) -> Evaluation:
    """What `steps(feed state, [first, last], sums)` adds to `count` sums over all of the feed.

    They go through all calls, so that they do not depend on where one call ends and the next begins.
    Raises InputError if nothing of the feed can be read.
    """
    state, sums = feed.begin(None), tf.zeros(count)
    for first, last in Pace().spans(feed.steps):
        with feed.reading():
            sums = steps(state, tf.constant([first, last]), sums)
        on_share(last / feed.steps)
    totals = sums.numpy().astype(np.float64)
    refuse_unread(totals[3], feed.count)
    loss, top1, top5 = (totals[:3] / totals[3]).tolist()
    hits, images = np.rint(totals[TOTALS:]).astype(int).reshape(2, -1).tolist()
    return Evaluation(loss, top1, top5, int(totals[3]), tuple(zip(hits, images, strict=True)))

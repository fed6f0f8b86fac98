"""The loss of images, and the sums over a batch that a loss and accuracies are made of."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def cross_entropy(labels: Any, logits: Any, smoothing: float) -> Any:
    """The loss of every image, against targets that share `smoothing` among all classes."""
    if not smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    classes = logits.shape[-1]
    targets = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def training_sums(losses: Any, logits: Any, labels: Any, weights: Any) -> Any:
    """Sums over a batch: loss, hits, images."""
    return sums(weights, losses, hits(logits, labels, 1))


def evaluation_sums(logits: Any, labels: Any, weights: Any) -> Any:
    """Sums over a batch: loss, hits among the first 1 and the first 5, images."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return sums(weights, losses, hits(logits, labels, 1), hits(logits, labels, 5))


def class_sums(logits: Any, labels: Any, weights: Any, classes: int) -> Any:
    """Sums over a batch for every class, (2 * classes,): hits, then images."""
    right = weights * hits(logits, labels, 1)
    return tf.concat(
        [tf.math.unsorted_segment_sum(values, labels, classes) for values in (right, weights)], 0
    )


def hits(logits: Any, labels: Any, k: int) -> Any:
    """1 where the label is among the k largest logits; of equal logits the first class counts as larger."""
    best = tf.math.top_k(logits, min(k, logits.shape[-1])).indices
    return tf.cast(tf.reduce_any(best == labels[:, None], axis=1), tf.float32)


def sums(weights: Any, *values: Any) -> Any:
    """Weighted sums over a batch, the sum of the weights last."""
    return tf.stack([*(tf.reduce_sum(weights * value) for value in values), tf.reduce_sum(weights)])

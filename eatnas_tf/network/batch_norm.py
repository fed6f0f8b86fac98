"""Batch normalisation on TensorFlow's fused kernel, which Keras 3's own layer does not use."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

MOMENTUM = 0.9
EPSILON = 2e-5


class FusedBatchNorm(keras.layers.Layer):
    """`keras.layers.BatchNormalization` on NHWC images by the fused kernel: same variables, same results.

    Statistics and variables are float32 whatever the images are.

    Under a distribution strategy each replica normalises by its own batch and keeps its own moving
    statistics, which are read as their mean; `synchronized` ones normalise by the batch of all replicas.
    """

    def __init__(self, name: str | None = None, synchronized: bool = False) -> None:
        super().__init__(name=name)
        self._synchronized = synchronized

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape=shape, initializer="ones", autocast=False, name="gamma")
        self.beta = self.add_weight(shape=shape, initializer="zeros", autocast=False, name="beta")
        self.moving_mean = _moving(shape, "zeros", "moving_mean")
        self.moving_variance = _moving(shape, "ones", "moving_variance")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def call(self, inputs: Any, training: bool = False) -> Any:
        scale, offset = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(
                inputs,
                scale,
                offset,
                tf.convert_to_tensor(self.moving_mean),
                tf.convert_to_tensor(self.moving_variance),
                epsilon=EPSILON,
                is_training=False,
            )[0]
        if self._synchronized and tf.distribute.get_replica_context().num_replicas_in_sync > 1:
            precise = tf.cast(inputs, tf.float32)
            mean, variance = _moments_of_all(precise)
            outputs = tf.nn.batch_normalization(precise, mean, variance, offset, scale, EPSILON)
            outputs = tf.cast(outputs, inputs.dtype)
        else:
            outputs, mean, corrected = tf.compat.v1.nn.fused_batch_norm(
                inputs, scale, offset, epsilon=EPSILON
            )
            variance = corrected * _uncorrected(inputs)
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance)
        return outputs

    def _follow(self, moving: Any, batch: Any) -> None:
        moving.assign(moving.value * MOMENTUM + batch * (1 - MOMENTUM))


def _moments_of_all(inputs: Any) -> tuple[Any, Any]:
    """Mean and variance (channels,) over the pixels of all replicas' batches."""
    replica, axes = tf.distribute.get_replica_context(), [0, 1, 2]
    count = replica.all_reduce("SUM", tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32))
    mean = replica.all_reduce("SUM", tf.reduce_sum(inputs, axes)) / count
    squares = tf.reduce_sum(tf.math.squared_difference(inputs, mean), axes)
    return mean, replica.all_reduce("SUM", squares) / count


def _moving(shape: tuple[int | None, ...], initializer: str, name: str) -> keras.Variable:
    return keras.Variable(
        initializer,
        shape,
        trainable=False,
        autocast=False,
        synchronization="on_read",
        aggregation="mean",
        name=name,
    )


def _uncorrected(inputs: Any) -> Any:
    """(n - 1) / n, which undoes the kernel's Bessel correction; n is the number of pixels of the batch."""
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
    return tf.maximum(count - 1, 1) / count

"""Specs as layers for training: stock layers' variables and values by faster kernels."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from eatnas_tf.layers import specs as kinds
from eatnas_tf.network.batch_norm import FusedBatchNorm
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.network.kernels import relu


def fast_layer(spec: kinds.Spec, name: str, synchronized: bool = False) -> keras.layers.Layer:
    """The layer of a spec that trains fastest here: the stock one, or one of this room's.

    Batch norm is always ours, ReLU and grouped convolution are on a CPU. `synchronized` batch norms take in
    all replicas.
    """
    if isinstance(spec, kinds.BatchNorm):
        return FusedBatchNorm(name, synchronized)
    if tf.config.list_physical_devices("GPU"):
        return keras_layer(spec, name)
    if isinstance(spec, kinds.Activation) and spec.kind == "relu":
        return FastRelu(name=name)
    layer = keras_layer(spec, name)
    if isinstance(spec, kinds.Conv) and spec.groups > 1:
        return SplitConv.from_config(layer.get_config())
    return layer


class SplitConv(keras.layers.Conv2D):
    """A grouped convolution as one convolution a group.

    Keras 3.15 compiles grouped ones by XLA, far slower on a CPU (`python -m benchmarks.kernels`).
    TensorFlow's own have no gradient without oneDNN.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        groups = zip(tf.split(inputs, self.groups, -1), tf.split(kernel, self.groups, -1), strict=True)
        return tf.concat([super(SplitConv, self).convolution_op(*group) for group in groups], -1)


class FastRelu(keras.layers.Layer):
    """max(x, 0)."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def call(self, inputs: Any) -> Any:
        return relu(inputs)

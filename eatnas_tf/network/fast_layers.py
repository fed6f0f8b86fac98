"""Specs as layers for training: stock layers' variables and values by faster kernels."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from eatnas_tf.layers import specs as kinds
from eatnas_tf.network import kernels
from eatnas_tf.network.batch_norm import FusedBatchNorm
from eatnas_tf.network.keras_layers import keras_layer


def fast_layer(spec: kinds.Spec, name: str) -> keras.layers.Layer:
    """The layer of a spec that trains fastest here; on a GPU most stock layers do."""
    if isinstance(spec, kinds.BatchNorm):
        return FusedBatchNorm(name=name)
    if not tf.config.list_physical_devices("GPU"):
        if isinstance(spec, kinds.Activation) and spec.kind == "relu":
            return FastRelu(name=name)
        if isinstance(spec, kinds.Depthwise):
            return FastDepthwise(
                spec.kernel,
                spec.stride,
                "same",
                use_bias=False,
                depthwise_initializer="he_normal",
                name=name,
            )
    return keras_layer(spec, name)


class FastRelu(keras.layers.Layer):
    """max(x, 0)."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def call(self, inputs: Any) -> Any:
        return _relu(inputs)


class FastDepthwise(keras.layers.DepthwiseConv2D):
    """A square `same` kernel without bias."""

    def call(self, inputs: Any) -> Any:
        return _depthwise(inputs, tf.convert_to_tensor(self.kernel), self.strides[0])


@tf.custom_gradient
def _relu(inputs: Any) -> Any:
    outputs = kernels.relu(inputs)
    return outputs, lambda gradient: tf.raw_ops.ReluGrad(gradients=gradient, features=outputs)


def _depthwise(inputs: Any, kernel: Any, stride: int) -> Any:
    strides = [1, stride, stride, 1]

    @tf.custom_gradient
    def convolve(inputs: Any, kernel: Any) -> Any:
        def gradients(gradient: Any) -> tuple[Any, Any]:
            by_inputs = tf.nn.depthwise_conv2d_backprop_input(
                tf.shape(inputs), kernel, gradient, strides, "SAME"
            )
            return by_inputs, kernels.depthwise_filter_gradient(inputs, gradient, kernel.shape[0], stride)

        return tf.nn.depthwise_conv2d(inputs, kernel, strides, "SAME"), gradients

    return convolve(inputs, kernel)

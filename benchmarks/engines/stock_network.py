"""A network of stock Keras layers, as a Keras user writes it; nothing of `eatnas_tf.network` is in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import keras

from benchmarks.task import LEARNING_RATE, MOMENTUM, WEIGHT_DECAY
from eatnas_tf.layers import Network, Spec
from eatnas_tf.layers import specs as kinds


def compiled(network: Network) -> keras.Model:
    """Whitened images to logits, ready to fit; layers have the names that `eatnas_tf.network` gives them.

    Weight decay is the optimizer's: each step takes learning rate * decay of a kernel from it. As a penalty
    in the loss a step takes as long, and tracing it some two seconds longer.
    """
    frame = network.frame
    inputs = keras.Input((frame.image_size, frame.image_size, frame.channels))
    tensor = _chain(inputs, network.stem)
    for layer in network.layers:
        outputs = _chain(tensor, layer.specs, f"{layer.name}_")
        if layer.shortcut is not None:
            bypass = _chain(tensor, layer.shortcut, f"{layer.name}_")
            outputs = keras.layers.Add(name=f"{layer.name}_add")([outputs, bypass])
        tensor = outputs
    model = keras.Model(inputs, _chain(tensor, network.head))
    optimizer = keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def _chain(tensor: Any, specs: Iterable[Spec], prefix: str = "") -> Any:
    for spec in specs:
        tensor = _applied(spec, prefix + spec.name, tensor)
    return tensor


@singledispatch
def _applied(spec: Spec, name: str, tensor: Any) -> Any:
    raise TypeError(f"{name}: no stock layer for {type(spec).__name__}")


@_applied.register
def _(spec: kinds.Conv, name: str, tensor: Any) -> Any:
    stride = spec.stride
    if (
        spec.kernel == 1 < stride
    ):  # TensorFlow 2.21's gradient of a strided 1x1 convolution is wrong (BUILD.md)
        tensor, stride = keras.layers.AveragePooling2D(1, stride, name=f"{name}_subsample")(tensor), 1
    initializer = keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
    return keras.layers.Conv2D(
        spec.outputs,
        spec.kernel,
        stride,
        spec.padding,
        use_bias=False,
        kernel_initializer=initializer,
        name=name,
    )(tensor)


@_applied.register
def _(spec: kinds.Depthwise, name: str, tensor: Any) -> Any:
    # Not he_normal: Keras counts the channels into a depthwise kernel's fan-in.
    initializer = keras.initializers.RandomNormal(stddev=2**0.5 / spec.kernel)
    return keras.layers.DepthwiseConv2D(
        spec.kernel, spec.stride, "same", use_bias=False, depthwise_initializer=initializer, name=name
    )(tensor)


@_applied.register
def _(spec: kinds.BatchNorm, name: str, tensor: Any) -> Any:
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=2e-5, name=name)(tensor)


@_applied.register
def _(spec: kinds.Activation, name: str, tensor: Any) -> Any:
    return keras.layers.Activation(spec.kind, name=name)(tensor)


@_applied.register
def _(spec: kinds.GlobalAveragePool, name: str, tensor: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D(name=name)(tensor)


@_applied.register
def _(spec: kinds.Dense, name: str, tensor: Any) -> Any:
    initializer = keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
    return keras.layers.Dense(spec.outputs, kernel_initializer=initializer, name=name)(tensor)

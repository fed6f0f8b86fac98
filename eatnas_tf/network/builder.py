"""Keras functional models from specs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import keras
import numpy as np

from eatnas_tf.layers import specs as kinds
from eatnas_tf.layers.expand import Layer, Network
from eatnas_tf.network.batch_norm import fused_batch_norm
from eatnas_tf.network.initial import Weights, initial_weights

BatchNormFactory = Callable[[str], keras.layers.Layer]


def build(
    network: Network, batch_norm: BatchNormFactory = fused_batch_norm, seed: int | Sequence[int] = 0
) -> keras.Model:
    """The Keras model of a network: images (batch, size, size, channels), normalised float32, to logits.

    With an auxiliary tower the outputs are [logits, auxiliary logits]. Layers are named by place
    (`block3_layer2_depthwise`); the weights are `initial_weights` of the seed.
    """
    frame = network.frame
    tensor = inputs = keras.Input((frame.image_size, frame.image_size, frame.channels), name="images")
    tensor = _chain(tensor, network.stem, batch_norm)
    outputs = {0: tensor}
    for layer in network.layers:
        outputs[layer.block] = tensor = _layer(tensor, layer, batch_norm)
    logits = _chain(tensor, network.head, batch_norm)
    if network.auxiliary:
        logits = [logits, _chain(outputs[network.auxiliary_block], network.auxiliary, batch_norm)]
    model = keras.Model(inputs, logits, name="network")
    assign(model, initial_weights(network, np.random.default_rng(seed)))
    return model


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Every weight of a built model by variable name."""
    return {variable.path: np.asarray(variable) for variable in model.weights}


def assign(model: keras.Model, weights: Weights) -> None:
    """Gives every variable of the model that `weights` names its value."""
    for variable in model.weights:
        if variable.path in weights:
            variable.assign(weights[variable.path])


def _layer(inputs: Any, layer: Layer, batch_norm: BatchNormFactory) -> Any:
    tensor = _chain(inputs, layer.specs, batch_norm, f"{layer.name}_")
    if layer.shortcut is None:
        return tensor
    bypass = _chain(inputs, layer.shortcut, batch_norm, f"{layer.name}_")
    return keras.layers.Add(name=f"{layer.name}_add")([tensor, bypass])


def _chain(tensor: Any, specs: Iterable[kinds.Spec], batch_norm: BatchNormFactory, prefix: str = "") -> Any:
    # TensorFlow 2.21's oneDNN kernel for the weight gradient of a strided 1x1 convolution is wrong on AVX2
    # CPUs (it writes out of bounds, too). Taking every stride-th pixel first is the same function.
    for spec in specs:
        name = prefix + spec.name
        if isinstance(spec, kinds.BatchNorm):
            tensor = batch_norm(name)(tensor)
        elif isinstance(spec, kinds.Conv) and spec.kernel == 1 < spec.stride:
            tensor = keras.layers.AveragePooling2D(1, spec.stride, name=f"{name}_subsample")(tensor)
            tensor = keras_layer(replace(spec, stride=1), name)(tensor)
        else:
            tensor = keras_layer(spec, name)(tensor)
    return tensor


@singledispatch
def keras_layer(spec: kinds.Spec, name: str) -> keras.layers.Layer:
    """The Keras layer of a spec; batch normalisation is chosen by the caller of `build`."""
    raise TypeError(f"{name}: no Keras layer for {type(spec).__name__}; use KerasLayer(factory, …)")


@keras_layer.register
def _(spec: kinds.Conv, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(
        spec.outputs,
        spec.kernel,
        spec.stride,
        spec.padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )


@keras_layer.register
def _(spec: kinds.Depthwise, name: str) -> keras.layers.Layer:
    return keras.layers.DepthwiseConv2D(
        spec.kernel, spec.stride, "same", use_bias=False, depthwise_initializer="he_normal", name=name
    )


@keras_layer.register
def _(spec: kinds.Activation, name: str) -> keras.layers.Layer:
    return keras.layers.Activation(spec.kind, name=name)


@keras_layer.register
def _(spec: kinds.GlobalAveragePool, name: str) -> keras.layers.Layer:
    return keras.layers.GlobalAveragePooling2D(name=name)


@keras_layer.register
def _(spec: kinds.Dropout, name: str) -> keras.layers.Layer:
    return keras.layers.Dropout(spec.rate, seed=0, name=name)


@keras_layer.register
def _(spec: kinds.Dense, name: str) -> keras.layers.Layer:
    return keras.layers.Dense(spec.outputs, kernel_initializer="he_normal", name=name)


@keras_layer.register
def _(spec: kinds.KerasLayer, name: str) -> keras.layers.Layer:
    return spec.factory(name)

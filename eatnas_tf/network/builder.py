"""Keras functional models from specs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from eatnas_tf.layers import specs as kinds
from eatnas_tf.layers.expand import Layer, Network
from eatnas_tf.network.fast_layers import fast_layer
from eatnas_tf.network.initial import Weights, initial_weights

LayerOf = Callable[[kinds.Spec, str], keras.layers.Layer]


def build(network: Network, layer_of: LayerOf = fast_layer, seed: int | Sequence[int] = 0) -> keras.Model:
    """The Keras model of a network: images (batch, size, size, channels), normalised float32, to logits.

    With an auxiliary tower the outputs are [logits, auxiliary logits]. Layers are named by place
    (`block3_layer2_depthwise`); the weights are `initial_weights` of the seed. `layer_of` makes a spec's
    layer: `fast_layer` for training, `keras_layer` for models that have to load without this package.
    """
    frame = network.frame
    tensor = inputs = keras.Input((frame.image_size, frame.image_size, frame.channels), name="images")
    tensor = _chain(tensor, network.stem, layer_of)
    outputs = {0: tensor}
    for layer in network.layers:
        outputs[layer.block] = tensor = _layer(tensor, layer, layer_of)
    logits = _chain(tensor, network.head, layer_of)
    if network.auxiliary:
        logits = [logits, _chain(outputs[network.auxiliary_block], network.auxiliary, layer_of)]
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


def _layer(inputs: Any, layer: Layer, layer_of: LayerOf) -> Any:
    tensor = _chain(inputs, layer.specs, layer_of, f"{layer.name}_")
    if layer.shortcut is None:
        return tensor
    bypass = _chain(inputs, layer.shortcut, layer_of, f"{layer.name}_")
    return keras.layers.Add(name=f"{layer.name}_add")([tensor, bypass])


def _chain(tensor: Any, specs: Iterable[kinds.Spec], layer_of: LayerOf, prefix: str = "") -> Any:
    # TensorFlow 2.21's oneDNN kernel for the weight gradient of a strided 1x1 convolution is wrong on AVX2
    # CPUs (it writes out of bounds, too). Taking every stride-th pixel first is the same function.
    for spec in specs:
        name = prefix + spec.name
        if isinstance(spec, kinds.Gate):
            factors = _chain(tensor, spec.specs, layer_of, f"{name}_")
            factors = keras.layers.Reshape((1, 1, factors.shape[-1]), name=f"{name}_factors")(factors)
            tensor = keras.layers.Multiply(name=f"{name}_product")([tensor, factors])
        elif isinstance(spec, kinds.Conv) and spec.kernel == 1 < spec.stride:
            tensor = keras.layers.AveragePooling2D(1, spec.stride, name=f"{name}_subsample")(tensor)
            tensor = layer_of(replace(spec, stride=1), name)(tensor)
        else:
            tensor = layer_of(spec, name)(tensor)
    return tensor

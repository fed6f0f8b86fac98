"""Keras functional models from specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from eatnas_tf.layers import Layer, Network
from eatnas_tf.layers.specs import walk
from eatnas_tf.layers.structure import IMAGES, Place
from eatnas_tf.network.assembly import LayerOf, free, output_of, shape_of
from eatnas_tf.network.fast_layers import fast_layer
from eatnas_tf.network.initial import Weights, initial_weights


def build(network: Network, layer_of: LayerOf = fast_layer, seed: int | Sequence[int] = 0) -> keras.Model:
    """The Keras model of a network: images (batch, size, size, channels), normalised float32, to logits.

    With an auxiliary tower the outputs are [logits, auxiliary logits]. Layers are named by place
    (`block3_layer2_depthwise`); the weights are `initial_weights` of the seed. `layer_of` makes a spec's
    layer: `fast_layer` for training, `keras_layer` for models that have to load without this package.
    """
    frame = network.frame
    inputs = keras.Input((frame.image_size, frame.image_size, frame.channels), name="images")
    stem, *middle, head = network.places
    tensors = {IMAGES: inputs, stem.name: output_of(stem.steps, [inputs], layer_of)}
    block_outputs = {0: tensors[stem.name]}
    for layer, place in zip(network.layers, middle, strict=True):
        tensors[place.name] = block_outputs[layer.block] = _layer(layer, place, tensors, layer_of)
    logits = output_of(head.steps, [tensors[name] for name in head.sources], layer_of)
    if network.auxiliary:
        source = block_outputs[network.auxiliary_block]
        logits = [logits, output_of(walk(network.auxiliary, shape_of(source)), [source], layer_of)]
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


def _layer(layer: Layer, place: Place, tensors: Mapping[str, Any], layer_of: LayerOf) -> Any:
    inputs, prefix = [tensors[name] for name in place.sources], f"{layer.name}_"
    names = {prefix + step.spec.name for step in (*place.steps, *place.bypass)}
    tensor = output_of(place.steps, inputs, layer_of, prefix, names)
    if layer.shortcut is None:
        return tensor
    bypass = output_of(place.bypass, inputs, layer_of, prefix, names)
    return keras.layers.Add(name=free(f"{prefix}add", names))([tensor, bypass])

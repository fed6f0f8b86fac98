"""The graph of a network for a person to look at, its scopes by place: `block3/layer2/depthwise`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

PLACE = re.compile(r"(stem|head|auxiliary|block\d+)_(?:(layer\d+)_)?(.+)")


def graph_of(model: keras.Model) -> bytes:
    """A serialised GraphDef of the model's inference, as `build` makes one."""
    (images,) = model.inputs
    taken = tf.TensorSpec(images.shape, images.dtype, "images")
    traced = tf.function(lambda batch: model(batch, training=False)).get_concrete_function(taken)
    definition = traced.graph.as_graph_def()
    _rename(definition.node, _scopes(model))
    return definition.SerializeToString()


def _scopes(model: keras.Model) -> dict[str, str]:
    """What is shown for a layer's name."""
    return {
        layer.name: "/".join(filter(None, found.groups()))
        for layer in model.layers
        if (found := PLACE.fullmatch(layer.name))
    }


def _rename(nodes: Iterable[Any], scopes: dict[str, str]) -> None:
    """Gives nodes their layer's place, unless two of them would get one name."""
    nodes = list(nodes)
    names = {node.name: _renamed(node.name, scopes) for node in nodes}
    if len(set(names.values())) < len(names):
        return
    for node in nodes:
        node.name = names[node.name]
        node.input[:] = [_input(name, names) for name in node.input]


def _renamed(name: str, scopes: dict[str, str]) -> str:
    """`network_1/block1_layer1_expand_1/convolution` is `block1/layer1/expand/convolution`."""
    _, _, rest = name.partition("/")
    layer, slash, inside = rest.partition("/")
    known = layer if layer in scopes else re.sub(r"_\d+$", "", layer)
    return f"{scopes[known]}{slash}{inside}" if known in scopes else name


def _input(name: str, names: dict[str, str]) -> str:
    """An input names a node, maybe behind a `^` and with the number of its output."""
    mark, node, output = re.fullmatch(r"(\^?)([^:]*)((?::\d+)?)", name).groups()  # type: ignore[union-attr]
    return f"{mark}{names.get(node, node)}{output}"

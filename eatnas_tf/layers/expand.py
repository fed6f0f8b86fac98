"""From a code and its frame to the whole network as specs (section 3.2 and the authors' released model)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from eatnas_tf.errors import InputError, PartError, blaming
from eatnas_tf.layers import conv_ops
from eatnas_tf.layers.frame import SHORTCUTS, Frame, default_stem_stride, default_strides
from eatnas_tf.layers.heads import Head, class_logits
from eatnas_tf.layers.specs import (
    Activation,
    BatchNorm,
    Conv,
    Spec,
    refuse_strangers,
)
from eatnas_tf.layers.structure import Layer, Network, sizes
from eatnas_tf.space import Architecture, Block
from eatnas_tf.space.widths import block_widths

__all__ = [
    "SHORTCUTS",
    "Frame",
    "Layer",
    "Network",
    "assemble",
    "block_layers",
    "default_stem_stride",
    "default_strides",
    "expand",
    "sizes",
]


def expand(
    architecture: Architecture,
    frame: Frame,
    dropout: float = 0.0,
    auxiliary: bool = False,
    head: Head = class_logits,
) -> Network:
    """The network that `architecture` stands for in `frame`, with the `head` of what it is for.

    Raises InputError if the code lacks one of the five primitives, an operation is unknown or makes specs
    that do not fit, or the frame does not fit.
    """
    if len(architecture) != len(frame.strides):
        raise InputError(
            f"strides: {len(frame.strides)} given for {len(architecture)} blocks; expected one a block"
        )
    widths = block_widths(_primitive(architecture, "width"), frame.stem_filters, frame.width_base)
    layers: list[Layer] = []
    inputs = frame.stem_filters
    for position, (block, outputs, stride) in enumerate(
        zip(architecture, widths, frame.strides, strict=True), 1
    ):
        layers += block_layers(position, block, inputs, outputs, stride, frame.shortcut)
        inputs = outputs
    return assemble(frame, layers, dropout, auxiliary, head)


def block_layers(
    position: int, block: Block, inputs: int, outputs: int, stride: int, shortcut: str, linear: bool = False
) -> list[Layer]:
    """The layers of one block: the first changes width and size, the others keep both.

    `linear` drops an activation at a layer's end, as MnasNet's `sep` has none.
    """
    layers = []
    for number in range(1, int(block["depth"]) + 1):
        try:
            specs = _specs(block, inputs, outputs, stride, linear)
        except InputError as error:
            raise error.saying(f"block {position}, {error}") from error.__cause__
        bypass = _shortcut(inputs, outputs, stride, shortcut) if block["skip"] else None
        layers.append(
            Layer(
                position,
                number,
                str(block["conv"]),
                int(block["kernel"]),
                stride,
                inputs,
                outputs,
                tuple(specs),
                bypass,
            )
        )
        inputs, stride = outputs, 1
    return layers


def _specs(block: Block, inputs: int, outputs: int, stride: int, linear: bool) -> list[Spec]:
    """A layer as its operation makes it and the primitives beyond the five rewrite it. Raises InputError."""
    op = conv_ops.find(str(block["conv"]))
    specs = _sound(f"conv op {block['conv']!r}", lambda: op(inputs, outputs, int(block["kernel"]), stride))
    if linear and isinstance(specs[-1], Activation):
        specs = specs[:-1]
    for primitive, value in block.items_:
        if primitive.rewrite is not None:
            specs = _sound(f"primitive {primitive.name!r}", partial(primitive.rewrite, specs, value))
    return specs


def _sound(maker: str, make: Callable[[], Any]) -> Any:
    """The specs that a part makes. Raises PartError."""
    try:
        with blaming(maker):
            specs = make()
            refuse_strangers(specs)
    except PartError as error:
        raise error.saying(f"{error} (check_plugins tells more)") from error.__cause__
    return specs


def assemble(
    frame: Frame,
    layers: list[Layer],
    dropout: float = 0.0,
    auxiliary: bool = False,
    head: Head = class_logits,
) -> Network:
    """The network of a frame and its layers: stem, blocks, head and, if asked for, the auxiliary tower.

    Raises InputError if a layer or a spec does not fit where it stands.
    """
    stem: list[Spec] = [
        Conv("stem_conv", frame.channels, frame.stem_filters, 3, frame.stem_stride),
        BatchNorm("stem_bn", frame.stem_filters),
        Activation("stem_relu", "relu"),
    ]
    end: list[Spec] = [
        Conv("head_conv", layers[-1].outputs, frame.head_filters),
        BatchNorm("head_bn", frame.head_filters),
        Activation("head_relu", "relu"),
        *head("head", frame.head_filters, frame, dropout),
    ]
    network = Network(frame, tuple(stem), tuple(layers), tuple(end))
    _ = network.places  # refuses what does not fit, before a search has begun
    return _with_auxiliary(network, head) if auxiliary else network


def _primitive(architecture: Architecture, name: str) -> list[float]:
    """One numeric primitive of every block, after seeing that the code has all of the paper's five."""
    for position, block in enumerate(architecture, start=1):
        for needed in ("conv", "kernel", "skip", "width", "depth"):
            if needed not in block:
                raise InputError(f"block {position}, {needed} is missing; a network needs it")
    return [float(block[name]) for block in architecture]


def _shortcut(inputs: int, outputs: int, stride: int, shortcut: str) -> tuple[Spec, ...] | None:
    if inputs == outputs and stride == 1:
        return ()
    if shortcut == "identity":
        return None
    return (Conv("shortcut", inputs, outputs, 1, stride), BatchNorm("shortcut_bn", outputs))


def _with_auxiliary(network: Network, head: Head) -> Network:
    """`network` with the tower on the output of the block before the last stride."""
    last = max((block for block, stride in enumerate(network.frame.strides, 1) if stride > 1), default=1)
    place = last - 1
    before = [layer for layer in network.layers if layer.block <= place]
    size = sizes(network)[len(before)]
    if min(size) < 2:
        raise InputError(
            f"auxiliary tower: block {place} ends at {size[0]}x{size[1]} pixels; expected at least 2x2"
        )
    inputs = before[-1].outputs if before else network.frame.stem_filters
    tower: list[Spec] = [
        Activation("auxiliary_relu", "relu"),
        Conv("auxiliary_conv", inputs, 128),
        BatchNorm("auxiliary_bn", 128),
        Activation("auxiliary_conv_relu", "relu"),
        Conv("auxiliary_wide", 128, 768, 2, padding="valid"),
        BatchNorm("auxiliary_wide_bn", 768),
        Activation("auxiliary_wide_relu", "relu"),
        *head("auxiliary", 768, network.frame, 0.0),
    ]
    return replace(network, auxiliary=tuple(tower), auxiliary_block=place)

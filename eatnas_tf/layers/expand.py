"""From a code and its frame to the whole network as specs (section 3.2 and the authors' released model)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eatnas_tf.errors import InputError, PartError, blaming
from eatnas_tf.layers import conv_ops
from eatnas_tf.layers.specs import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    Size,
    Spec,
    refuse_strangers,
)
from eatnas_tf.space import Architecture, Block
from eatnas_tf.space.widths import WIDTH_BASES, block_widths

SHORTCUTS = ("projection", "identity")
SMALL_IMAGE = 96


@dataclass(frozen=True)
class Frame:
    """What surrounds the blocks: the input, stem, strides of the blocks' first layers, and head.

    `image_size` in pixels (square), `strides` one a block. Published frames: CIFAR-10 (32, 3, 10, stem stride
    1, strides 1 1 2 1 2 1 1) and ImageNet (224, 3, 1000, stem stride 2, strides 1 2 2 2 1 2 1).
    """

    image_size: int = 224
    channels: int = 3
    num_classes: int = 1000
    stem_filters: int = 32
    stem_stride: int = 2
    strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1)
    head_filters: int = 1280
    width_base: str = "input"
    shortcut: str = "projection"

    def __post_init__(self) -> None:
        for name in ("image_size", "channels", "num_classes", "stem_filters", "stem_stride", "head_filters"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: {getattr(self, name)} is not at least 1")
        if not self.strides or min(self.strides) < 1:
            raise InputError(
                f"strides: {self.strides} is not a list of whole numbers of at least 1, one a block"
            )
        if self.width_base not in WIDTH_BASES:
            raise InputError(f"width_base: {self.width_base} is not one of {', '.join(WIDTH_BASES)}")
        if self.shortcut not in SHORTCUTS:
            raise InputError(f"shortcut: {self.shortcut} is not one of {', '.join(SHORTCUTS)}")


def default_strides(image_size: int) -> tuple[int, ...]:
    """The paper's seven: CIFAR-10's (blocks 3 and 5) for images under 96 pixels, else ImageNet's."""
    return (1, 1, 2, 1, 2, 1, 1) if image_size < SMALL_IMAGE else Frame.strides


def default_stem_stride(image_size: int) -> int:
    return 1 if image_size < SMALL_IMAGE else 2


@dataclass(frozen=True)
class Layer:
    """One layer of a block. `shortcut` is None without one, empty for the identity, else its specs."""

    block: int
    position: int
    op: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    specs: tuple[Spec, ...]
    shortcut: tuple[Spec, ...] | None

    @property
    def name(self) -> str:
        return f"block{self.block}_layer{self.position}"

    def named_specs(self) -> Iterator[Spec]:
        """Every spec with its full name, the shortcut's last, a gate's one by one."""
        for spec in (*self.specs, *(self.shortcut or ())):
            for part in spec.parts():
                yield replace(part, name=f"{self.name}_{part.name}")


@dataclass(frozen=True)
class Network:
    """A whole network. Its specs are named by place: `stem_conv`, `block3_layer2_depthwise`, `head_dense`.

    `auxiliary` is the tower on the output of block `auxiliary_block` (0 is the stem); it only takes part in
    training.
    """

    frame: Frame
    stem: tuple[Spec, ...]
    layers: tuple[Layer, ...]
    head: tuple[Spec, ...]
    auxiliary: tuple[Spec, ...] = ()
    auxiliary_block: int = 0

    def named_specs(self) -> Iterator[Spec]:
        """Every spec of the inference network with its full name, in order."""
        yield from self.stem
        for layer in self.layers:
            yield from layer.named_specs()
        yield from self.head


def expand(
    architecture: Architecture, frame: Frame, dropout: float = 0.0, auxiliary: bool = False
) -> Network:
    """The network that `architecture` stands for in `frame`.

    Raises InputError if the code lacks one of the five primitives, an operation is unknown, or the frame does
    not fit.
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
    return assemble(frame, layers, dropout, auxiliary)


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


def assemble(frame: Frame, layers: list[Layer], dropout: float = 0.0, auxiliary: bool = False) -> Network:
    """The network of a frame and its layers: stem, blocks, head and, if asked for, the auxiliary tower."""
    stem: list[Spec] = [
        Conv("stem_conv", frame.channels, frame.stem_filters, 3, frame.stem_stride),
        BatchNorm("stem_bn", frame.stem_filters),
        Activation("stem_relu", "relu"),
    ]
    head: list[Spec] = [
        Conv("head_conv", layers[-1].outputs, frame.head_filters),
        BatchNorm("head_bn", frame.head_filters),
        Activation("head_relu", "relu"),
        GlobalAveragePool("head_pool"),
        *([Dropout("head_dropout", dropout)] if dropout else []),
        Dense("head_dense", frame.head_filters, frame.num_classes),
    ]
    network = Network(frame, tuple(stem), tuple(layers), tuple(head))
    return _with_auxiliary(network) if auxiliary else network


def sizes(network: Network) -> list[Size]:
    """Input size of the first layer, then the output size of every layer."""
    size = network.stem[0].output_size((network.frame.image_size,) * 2)
    result = [size]
    for layer in network.layers:
        for spec in layer.specs:
            size = spec.output_size(size)
        result.append(size)
    return result


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


def _with_auxiliary(network: Network) -> Network:
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
        GlobalAveragePool("auxiliary_pool"),
        Dense("auxiliary_dense", 768, network.frame.num_classes),
    ]
    return replace(network, auxiliary=tuple(tower), auxiliary_block=place)

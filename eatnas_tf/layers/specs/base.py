"""What every spec is: a frozen description of one layer.

A spec knows the variables of its layer and what it computes, so that counting, building, initialisation and
weight inheritance all read the same list. Sizes are (height, width) in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from eatnas_tf.errors import InputError

Size = tuple[int, int]
Sides = int | tuple[int, int]  # of a kernel or stride: one number for both, or (rows, columns)

PADDINGS = ("same", "valid")


class Shape(NamedTuple):
    """What passes from spec to spec: images, or a vector (1 x 1 pixel). None is whatever is not known."""

    height: int
    width: int
    channels: int | None
    vector: bool | None = False

    @property
    def size(self) -> Size:
        return self.height, self.width

    def __str__(self) -> str:
        channels = "?" if self.channels is None else self.channels
        return f"{channels} values" if self.vector else f"{self.height}x{self.width}x{channels}"


@dataclass(frozen=True)
class Variable:
    """One weight of a layer: a kernel has a `fan_in`, anything else a constant start `value`."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    fan_in: int | None = None
    value: float = 0.0

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Spec:
    """One layer; `depthwise` of block 3, layer 2 is called `block3_layer2_depthwise` in the whole network.

    `after` names the specs whose outputs it takes, in order; without it the spec takes the one before (see
    `graph`). A kind of your own that overrides none of the methods below has no weights and keeps the size;
    its channels are not known, and are not checked.
    """

    name: str
    after: tuple[str, ...] = field(default=(), kw_only=True)

    vectors: ClassVar[bool | None] = None  # True: takes a vector; False: takes images; None: takes either

    def variables(self) -> tuple[Variable, ...]:
        return ()

    def output_size(self, size: Size) -> Size:
        return size

    def input_channels(self) -> int | None:
        """Channels that the input must have; None if any number will do."""
        return None

    def output_channels(self, channels: int | None) -> int | None:
        """Channels made of so many; None if that is not known."""
        return None

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape made of the inputs' shapes.

        Raises InputError if they do not suit, with what the spec does (`takes 8 channels`) as the message.
        """
        if len(shapes) != 1:
            raise InputError("takes one input")
        (shape,) = shapes
        if None not in (self.vectors, shape.vector) and self.vectors != shape.vector:
            raise InputError("takes a vector (of a GlobalAveragePool)" if self.vectors else "takes images")
        wanted = self.input_channels()
        if None not in (wanted, shape.channels) and wanted != shape.channels:
            raise InputError(f"takes {wanted} channels")
        height, width = self.output_size(shape.size)
        if min(height, width) < 1:
            raise InputError(f"would leave {height}x{width} pixels")
        channels = self.output_channels(shape.channels)
        unchanged = None if channels is None else shape.vector
        return Shape(height, width, channels, unchanged if self.vectors is None else self.vectors)

    def mult_adds(self, size: Size) -> int:
        """Multiply-accumulates for one image of input `size`."""
        return 0

    def params(self) -> int:
        return sum(variable.size for variable in self.variables() if variable.trainable)

    def parts(self) -> Iterator[Spec]:
        """The spec itself, or those that it is made of, by their names in the same layer."""
        yield self


def pair(sides: Sides) -> tuple[int, int]:
    """(rows, columns) of a kernel or stride."""
    return (sides, sides) if isinstance(sides, int) else sides


def windowed(size: Size, kernel: Sides, stride: Sides, padding: str, dilation: int = 1) -> Size:
    """The number of windows of a convolution or pooling, as Keras pads."""
    shrinks = [(rows - 1) * dilation if padding == "valid" else 0 for rows in pair(kernel)]
    height, width = (
        math.ceil((side - shrink) / step)
        for side, shrink, step in zip(size, shrinks, pair(stride), strict=True)
    )
    return height, width


def refuse_window(name: str, kernel: Sides, stride: Sides, padding: str, dilation: int = 1) -> None:
    """Raises InputError if no convolution or pooling has these."""
    for what, sides in (("kernel", kernel), ("stride", stride), ("dilation", dilation)):
        if min(pair(sides)) < 1:
            raise InputError(f"{name!r}: {what} {sides} is not at least 1")
    if padding not in PADDINGS:
        raise InputError(f"{name!r}: padding {padding!r} is not one of {', '.join(PADDINGS)}")
    rows, columns = pair(stride)
    if dilation > 1 and (rows != columns or dilation % rows):
        raise InputError(f"{name!r}: stride {stride} does not divide dilation {dilation}")

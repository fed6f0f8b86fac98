"""Specs that multiply by a kernel: the ones whose multiply-adds are counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from eatnas_tf.errors import InputError
from eatnas_tf.layers.specs.base import Sides, Size, Spec, Variable, pair, refuse_window, windowed


@dataclass(frozen=True)
class Conv(Spec):
    """A convolution without bias, kernel (kernel, kernel, inputs / groups, outputs), padded as Keras does.

    `kernel` and `stride` are numbers or (rows, columns). In `groups`, the first part of the outputs sees only
    the first part of the inputs, and so on. A `dilation` above 1 must be a multiple of the stride.
    """

    inputs: int
    outputs: int
    kernel: Sides = 1
    stride: Sides = 1
    padding: str = "same"
    groups: int = 1
    dilation: int = 1

    vectors: ClassVar[bool | None] = False

    def __post_init__(self) -> None:
        refuse_window(self.name, self.kernel, self.stride, self.padding, self.dilation)
        if self.groups < 1 or self.inputs % self.groups or self.outputs % self.groups:
            channels = f"{self.inputs} to {self.outputs} channels"
            raise InputError(f"{self.name!r}: {channels} do not divide into {self.groups} groups")

    def variables(self) -> tuple[Variable, ...]:
        rows, columns = pair(self.kernel)
        seen = self.inputs // self.groups
        return (Variable("kernel", (rows, columns, seen, self.outputs), fan_in=rows * columns * seen),)

    def output_size(self, size: Size) -> Size:
        return windowed(size, self.kernel, self.stride, self.padding, self.dilation)

    def input_channels(self) -> int:
        return self.inputs

    def output_channels(self, channels: int | None) -> int:
        return self.outputs

    def mult_adds(self, size: Size) -> int:
        (kernel,) = self.variables()
        return math.prod(self.output_size(size)) * kernel.size


@dataclass(frozen=True)
class Depthwise(Spec):
    """A depthwise convolution without bias, kernel (kernel, kernel, channels, 1), padded as Keras does.

    A `dilation` above 1 must be a multiple of the stride.
    """

    channels: int
    kernel: int
    stride: int = 1
    padding: str = "same"
    dilation: int = 1

    vectors: ClassVar[bool | None] = False

    def __post_init__(self) -> None:
        refuse_window(self.name, self.kernel, self.stride, self.padding, self.dilation)

    def variables(self) -> tuple[Variable, ...]:
        return (Variable("kernel", (self.kernel, self.kernel, self.channels, 1), fan_in=self.kernel**2),)

    def output_size(self, size: Size) -> Size:
        return windowed(size, self.kernel, self.stride, self.padding, self.dilation)

    def input_channels(self) -> int:
        return self.channels

    def output_channels(self, channels: int | None) -> int:
        return self.channels

    def mult_adds(self, size: Size) -> int:
        (kernel,) = self.variables()
        return math.prod(self.output_size(size)) * kernel.size


@dataclass(frozen=True)
class Dense(Spec):
    """A dense layer with bias, on a vector."""

    inputs: int
    outputs: int

    vectors: ClassVar[bool | None] = True

    def variables(self) -> tuple[Variable, ...]:
        return (
            Variable("kernel", (self.inputs, self.outputs), fan_in=self.inputs),
            Variable("bias", (self.outputs,)),
        )

    def input_channels(self) -> int:
        return self.inputs

    def output_channels(self, channels: int | None) -> int:
        return self.outputs

    def mult_adds(self, size: Size) -> int:
        return self.inputs * self.outputs

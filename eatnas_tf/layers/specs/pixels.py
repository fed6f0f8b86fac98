"""Specs without weights that change the number of pixels: pooling, subsampling and padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from eatnas_tf.errors import InputError
from eatnas_tf.layers.specs.base import Shape, Size, Spec, refuse_window, windowed


@dataclass(frozen=True)
class _Pixels(Spec):
    vectors: ClassVar[bool | None] = False

    def output_channels(self, channels: int | None) -> int | None:
        return channels


@dataclass(frozen=True)
class _Pool(_Pixels):
    kernel: int
    stride: int = 1
    padding: str = "same"

    def __post_init__(self) -> None:
        refuse_window(self.name, self.kernel, self.stride, self.padding)

    def output_size(self, size: Size) -> Size:
        return windowed(size, self.kernel, self.stride, self.padding)


@dataclass(frozen=True)
class MaxPool(_Pool):
    """The largest value of every window, a channel at a time; padding never wins."""


@dataclass(frozen=True)
class AveragePool(_Pool):
    """The mean of every window, a channel at a time. Padding is not counted in the mean."""


@dataclass(frozen=True)
class GlobalAveragePool(_Pixels):
    """The mean of every channel: a vector."""

    def output_size(self, size: Size) -> Size:
        return (1, 1)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        return super().output_shape(shapes)._replace(vector=True)


@dataclass(frozen=True)
class Subsample(_Pixels):
    """Every `stride`-th pixel, from row and column `offset` on; beyond the image there are zeros.

    A factorised reduction joins a 1x1 convolution of `offset` 0 with one of `offset` 1 (arXiv 1707.07012).
    """

    stride: int
    offset: int = 0

    def __post_init__(self) -> None:
        if self.stride < 1 or self.offset < 0:
            raise InputError(
                f"{self.name!r}: stride {self.stride}, offset {self.offset}; expected at least 1 and 0"
            )

    def output_size(self, size: Size) -> Size:
        return windowed(size, 1, self.stride, "same")


@dataclass(frozen=True)
class ZeroPad(_Pixels):
    """So many rows and columns of zeros at the top and left (`before`) and at the bottom and right."""

    before: int
    behind: int

    def __post_init__(self) -> None:
        if min(self.before, self.behind) < 0:
            raise InputError(f"{self.name!r}: padding by {self.before} and {self.behind} is not at least 0")

    def output_size(self, size: Size) -> Size:
        height, width = size
        return height + self.before + self.behind, width + self.before + self.behind

"""Specs that keep the pixels, and weigh, bend, choose or move their channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from eatnas_tf.errors import InputError
from eatnas_tf.layers.specs.base import Shape, Spec, Variable


@dataclass(frozen=True)
class BatchNorm(Spec):
    channels: int

    vectors: ClassVar[bool | None] = False

    def variables(self) -> tuple[Variable, ...]:
        shape = (self.channels,)
        return (
            Variable("gamma", shape, value=1.0),
            Variable("beta", shape),
            Variable("moving_mean", shape, trainable=False),
            Variable("moving_variance", shape, trainable=False, value=1.0),
        )

    def input_channels(self) -> int:
        return self.channels

    def output_channels(self, channels: int | None) -> int:
        return self.channels


@dataclass(frozen=True)
class Activation(Spec):
    """An activation by Keras's name for it, `kind`."""

    kind: str

    def output_channels(self, channels: int | None) -> int | None:
        return channels


@dataclass(frozen=True)
class Dropout(Spec):
    rate: float

    def output_channels(self, channels: int | None) -> int | None:
        return channels


@dataclass(frozen=True)
class ChannelSplit(Spec):
    """The channels from `start` up to, but not including, `stop`. Two of them split an input in two."""

    start: int
    stop: int

    vectors: ClassVar[bool | None] = False

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise InputError(f"{self.name!r}: there are no channels from {self.start} up to {self.stop}")

    def output_channels(self, channels: int | None) -> int:
        return self.stop - self.start

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        found = super().output_shape(shapes)
        channels = shapes[0].channels
        if channels is not None and channels < self.stop:
            raise InputError(f"takes channels {self.start} up to {self.stop}")
        return found


@dataclass(frozen=True)
class ChannelShuffle(Spec):
    """The first channel of each of `groups` equal parts, then the second of each, … (arXiv 1707.01083)."""

    groups: int

    vectors: ClassVar[bool | None] = False

    def __post_init__(self) -> None:
        if self.groups < 1:
            raise InputError(f"{self.name!r}: {self.groups} groups; expected at least 1")

    def output_channels(self, channels: int | None) -> int | None:
        return channels

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        found = super().output_shape(shapes)
        if found.channels is not None and found.channels % self.groups:
            raise InputError(f"shuffles {self.groups} equal groups of channels")
        return found

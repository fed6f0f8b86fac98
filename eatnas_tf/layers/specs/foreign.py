"""Layers that no other spec describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eatnas_tf.layers.specs.base import Shape, Size, Spec


@dataclass(frozen=True)
class KerasLayer(Spec):
    """A layer that no other spec describes: `factory(name)` makes it, its maker says what it counts.

    `weight_count` are its trainable parameters; `cost` and `resize` map its input size to
    multiply-accumulates and to its output size. Its initial weights are the layer's own. Its channels are not
    known, and are not checked. With several inputs the layer is called with their list, and the size is the
    first one's.
    """

    factory: Callable[[str], Any]
    weight_count: int = 0
    cost: Callable[[Size], int] = field(default=lambda size: 0)
    resize: Callable[[Size], Size] = field(default=lambda size: size)

    def output_size(self, size: Size) -> Size:
        return self.resize(size)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        return super().output_shape(shapes[:1])

    def mult_adds(self, size: Size) -> int:
        return self.cost(size)

    def params(self) -> int:
        return self.weight_count

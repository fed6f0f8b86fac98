"""Layer specs: frozen descriptions of what a network is made of.

A spec knows the variables of its layer and what it computes, so that counting, building, initialisation and
weight inheritance all read the same list. Sizes are (height, width) in pixels; every convolution pads as
Keras `same` does unless it says `valid`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from eatnas_tf.errors import InputError

Size = tuple[int, int]


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
    """One Keras layer; `depthwise` of block 3, layer 2 is called `block3_layer2_depthwise`."""

    name: str

    def variables(self) -> tuple[Variable, ...]:
        return ()

    def output_size(self, size: Size) -> Size:
        return size

    def mult_adds(self, size: Size) -> int:
        """Multiply-accumulates for one image of input `size`."""
        return 0

    def params(self) -> int:
        return sum(variable.size for variable in self.variables() if variable.trainable)

    def parts(self) -> Iterator[Spec]:
        """The spec itself, or those that it is made of, by their names in the same layer."""
        yield self


def refuse_strangers(specs: Any) -> None:
    """Raises InputError if what a part gave back are no specs of a layer, each with a name of its own."""
    if not isinstance(specs, list | tuple) or not all(isinstance(spec, Spec) for spec in specs) or not specs:
        raise InputError(f"it gave {specs!r:.60} back; expected a list of specs")
    names = [spec.name for spec in specs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"two specs are called {twice[0]!r}; a layer's names are its own")


@dataclass(frozen=True)
class Conv(Spec):
    """A convolution without bias, kernel (kernel, kernel, inputs, outputs)."""

    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    padding: str = "same"

    def variables(self) -> tuple[Variable, ...]:
        return (
            Variable(
                "kernel",
                (self.kernel, self.kernel, self.inputs, self.outputs),
                fan_in=self.kernel**2 * self.inputs,
            ),
        )

    def output_size(self, size: Size) -> Size:
        shrink = self.kernel - 1 if self.padding == "valid" else 0
        return tuple(math.ceil((side - shrink) / self.stride) for side in size)  # type: ignore[return-value]

    def mult_adds(self, size: Size) -> int:
        return math.prod(self.output_size(size)) * self.kernel**2 * self.inputs * self.outputs


@dataclass(frozen=True)
class Depthwise(Spec):
    """A depthwise convolution without bias, kernel (kernel, kernel, channels, 1)."""

    channels: int
    kernel: int
    stride: int = 1

    def variables(self) -> tuple[Variable, ...]:
        return (Variable("kernel", (self.kernel, self.kernel, self.channels, 1), fan_in=self.kernel**2),)

    def output_size(self, size: Size) -> Size:
        return tuple(math.ceil(side / self.stride) for side in size)  # type: ignore[return-value]

    def mult_adds(self, size: Size) -> int:
        return math.prod(self.output_size(size)) * self.kernel**2 * self.channels


@dataclass(frozen=True)
class BatchNorm(Spec):
    channels: int

    def variables(self) -> tuple[Variable, ...]:
        shape = (self.channels,)
        return (
            Variable("gamma", shape, value=1.0),
            Variable("beta", shape),
            Variable("moving_mean", shape, trainable=False),
            Variable("moving_variance", shape, trainable=False, value=1.0),
        )


@dataclass(frozen=True)
class Activation(Spec):
    """An activation by Keras's name for it, `kind`."""

    kind: str


@dataclass(frozen=True)
class GlobalAveragePool(Spec):
    def output_size(self, size: Size) -> Size:
        return (1, 1)


@dataclass(frozen=True)
class Dropout(Spec):
    rate: float


@dataclass(frozen=True)
class Dense(Spec):
    """A dense layer with bias."""

    inputs: int
    outputs: int

    def variables(self) -> tuple[Variable, ...]:
        return (
            Variable("kernel", (self.inputs, self.outputs), fan_in=self.inputs),
            Variable("bias", (self.outputs,)),
        )

    def mult_adds(self, size: Size) -> int:
        return self.inputs * self.outputs


@dataclass(frozen=True)
class Gate(Spec):
    """Its input times what `specs` make of it: a factor a channel, (channels,), as after a GlobalAveragePool.

    Squeeze and excitation is one (arXiv 1709.01507). `reduce` in a gate `se` is called `se_reduce`.
    """

    specs: tuple[Spec, ...]

    def mult_adds(self, size: Size) -> int:
        """Those of `specs`: like a shortcut's additions, the products do not count."""
        total = 0
        for spec in self.specs:
            total, size = total + spec.mult_adds(size), spec.output_size(size)
        return total

    def params(self) -> int:
        return sum(spec.params() for spec in self.specs)

    def parts(self) -> Iterator[Spec]:
        for spec in self.specs:
            for part in spec.parts():
                yield replace(part, name=f"{self.name}_{part.name}")


@dataclass(frozen=True)
class KerasLayer(Spec):
    """A layer that no other spec describes: `factory(name)` makes it, its maker says what it counts.

    `weight_count` are its trainable parameters; `cost` and `resize` map its input size to
    multiply-accumulates and to its output size. Its initial weights are the layer's own.
    """

    factory: Callable[[str], Any]
    weight_count: int = 0
    cost: Callable[[Size], int] = field(default=lambda size: 0)
    resize: Callable[[Size], Size] = field(default=lambda size: size)

    def output_size(self, size: Size) -> Size:
        return self.resize(size)

    def mult_adds(self, size: Size) -> int:
        return self.cost(size)

    def params(self) -> int:
        return self.weight_count

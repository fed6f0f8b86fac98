"""Specs at which branches meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eatnas_tf.errors import InputError
from eatnas_tf.layers.specs.base import Shape, Size, Spec
from eatnas_tf.layers.specs.graph import walk


@dataclass(frozen=True)
class Add(Spec):
    """The sum of its inputs, which have one shape. Like a shortcut's, its additions are not counted."""

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        _refuse_single(shapes)
        fields = [set(field) - {None} for field in zip(*shapes, strict=True)]
        if any(len(field) > 1 for field in fields):
            raise InputError("adds inputs of one shape")
        return Shape(*(next(iter(field), None) for field in fields))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Concatenate(Spec):
    """The channels of its inputs one after the other; the inputs have one size."""

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        _refuse_single(shapes)
        first, vectors = shapes[0], {shape.vector for shape in shapes} - {None}
        if len({shape.size for shape in shapes}) > 1 or len(vectors) > 1:
            raise InputError("concatenates inputs of one size")
        channels = [shape.channels for shape in shapes if shape.channels is not None]
        total = sum(channels) if len(channels) == len(shapes) else None
        return Shape(*first.size, total, next(iter(vectors), None))


@dataclass(frozen=True)
class Gate(Spec):
    """Its input times what `specs` make of it: a factor a channel, (channels,), as after a GlobalAveragePool.

    Squeeze and excitation is one (arXiv 1709.01507). `reduce` in a gate `se` is called `se_reduce`. The names
    in `specs` are local to the gate; `input` is the gate's own input.
    """

    specs: tuple[Spec, ...]

    def output_channels(self, channels: int | None) -> int | None:
        return channels

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        found = super().output_shape(shapes)
        try:
            factors = walk(self.specs, *shapes)[-1].output
        except InputError as error:
            raise InputError(f"has a flaw: {error}") from None
        if factors.size != (1, 1) or len({factors.channels, found.channels} - {None}) > 1:
            raise InputError(f"makes {factors} of its input, not a factor a channel")
        return found

    def mult_adds(self, size: Size) -> int:
        """Those of `specs`: like a shortcut's additions, the products do not count."""
        steps = walk(self.specs, Shape(*size, None))
        return sum(step.spec.mult_adds(step.inputs[0].size) for step in steps)

    def params(self) -> int:
        return sum(spec.params() for spec in self.specs)

    def parts(self) -> Iterator[Spec]:
        for spec in self.specs:
            for part in spec.parts():
                yield replace(part, name=f"{self.name}_{part.name}")


def _refuse_single(shapes: Sequence[Shape]) -> None:
    if len(shapes) < 2:
        raise InputError("takes two inputs or more, named by `after`")

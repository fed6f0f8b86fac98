"""The space that a search moves in: choices, constraints and sampling."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from eatnas_tf.errors import InputError
from eatnas_tf.space.architecture import Architecture, Block
from eatnas_tf.space.primitives import STANDARD, Primitive
from eatnas_tf.space.widths import block_widths

REDRAWS = 100_000


class Constraint(Protocol):
    """What a search demands of a whole architecture, beyond the choices of each block."""

    def refusal(self, architecture: Architecture) -> str | None:
        """None for an architecture that meets the constraint, else how it does not."""

    def impossibility(self, primitives: tuple[Primitive, ...], blocks: int) -> str | None:
        """None if some architecture may meet the constraint, else why none can."""


@dataclass(frozen=True)
class LayerLimit:
    """The sum of the depths lies within [lo, hi] (the paper's appendix A)."""

    lo: int
    hi: int

    def refusal(self, architecture: Architecture) -> str | None:
        layers = sum(int(block["depth"]) for block in architecture)
        return (
            None if self.lo <= layers <= self.hi else f"{layers} layers are not within {self.lo} to {self.hi}"
        )

    def impossibility(self, primitives: tuple[Primitive, ...], blocks: int) -> str | None:
        depths = [
            int(depth) for primitive in primitives if primitive.name == "depth" for depth in primitive.choices
        ]
        if not depths:
            return "layers limited in a space without depth; drop the limit"
        least, most = blocks * min(depths), blocks * max(depths)
        if self.lo > self.hi or most < self.lo or least > self.hi:
            return (
                f"layers: no architecture has {self.lo} to {self.hi}; "
                f"{blocks} blocks can have {least} to {most}"
            )
        return None


@dataclass(frozen=True)
class ExpansionLimit:
    """Final block's width over the stem's lies within [lo, hi] (the paper's appendix A)."""

    lo: float
    hi: float
    stem_filters: int = 32
    width_base: str = "input"

    def refusal(self, architecture: Architecture) -> str | None:
        expansion = self._expansion([float(block["width"]) for block in architecture])
        return (
            None
            if self.lo <= expansion <= self.hi
            else (f"total expansion {expansion:g} is not within {self.lo:g} to {self.hi:g}")
        )

    def impossibility(self, primitives: tuple[Primitive, ...], blocks: int) -> str | None:
        factors = [
            float(width)
            for primitive in primitives
            if primitive.name == "width"
            for width in primitive.choices
        ]
        if not factors:
            return "expansion limited in a space without width; drop the limit"
        least, most = (self._expansion([pick(factors)] * blocks) for pick in (min, max))
        if self.lo > self.hi or most < self.lo or least > self.hi:
            return (
                f"expansion: no architecture has {self.lo:g} to {self.hi:g}; "
                f"{blocks} blocks can have {least:g} to {most:g}"
            )
        return None

    def _expansion(self, factors: list[float]) -> float:
        return block_widths(factors, self.stem_filters, self.width_base)[-1] / self.stem_filters


@dataclass(frozen=True)
class SearchSpace:
    """All architectures of `blocks` blocks that take their primitives' choices and meet the constraints.

    Any primitives will do, not only the paper's five; without TensorFlow such a space can be searched with a
    fitness of one's own (`examples/tabular.py`). Raises InputError when no architecture can meet a
    constraint.
    """

    blocks: int = 7
    primitives: tuple[Primitive, ...] = STANDARD
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if self.blocks < 1:
            raise InputError(f"blocks: {self.blocks} is not at least 1")
        for attribute in ("name", "key"):
            names = Counter(getattr(primitive, attribute) for primitive in self.primitives)
            twice = [name for name, count in names.items() if count > 1]
            if twice:
                raise InputError(f"two primitives share the {attribute} {twice[0]!r}; rename one")
        self._refuse_ambiguity()
        for constraint in self.constraints:
            impossible = constraint.impossibility(self.primitives, self.blocks)
            if impossible:
                raise InputError(impossible)

    def _refuse_ambiguity(self) -> None:
        """Raises InputError if a value of one primitive reads as another one's."""
        first = Block(tuple((primitive, primitive.choices[0]) for primitive in self.primitives))
        for primitive in self.primitives:
            for value in primitive.choices:
                block = first.replace(**{primitive.name: value})
                try:
                    same = Block.parse(str(block), self.primitives) == block
                except InputError:
                    same = False
                if not same:
                    raise InputError(
                        f"primitive {primitive.name}: {block} does not read back; use another key"
                    )

    @property
    def size(self) -> int:
        """How many codes the choices allow, the constraints not counted."""
        return math.prod(len(primitive.choices) for primitive in self.primitives) ** self.blocks

    def primitive(self, name: str) -> Primitive:
        for primitive in self.primitives:
            if primitive.name == name:
                return primitive
        raise InputError(f"no primitive {name!r} among {', '.join(p.name for p in self.primitives)}")

    def complete(self, architecture: Architecture) -> Architecture:
        """The same architecture with the defaults of all primitives that its code leaves out."""
        try:
            return Architecture(tuple(Block.of(self.primitives, **block) for block in architecture))
        except InputError as error:
            raise error.saying(f"{architecture}: {error}") from None

    def refuse_outsider(self, architecture: Architecture) -> None:
        """Raises InputError if a value is not a choice of this space. Constraints are not looked at."""
        if len(architecture) != self.blocks:
            raise InputError(f"{architecture} has {len(architecture)} blocks; expected {self.blocks}")
        for position, block in enumerate(architecture, start=1):
            for primitive in self.primitives:
                try:
                    primitive.refuse_unless_chosen(block[primitive.name])
                except KeyError:
                    raise InputError(f"block {position}, {primitive.name} is missing") from None
                except InputError as error:
                    raise InputError(f"block {position}, {error}") from None

    def refusal(self, architecture: Architecture) -> str | None:
        """None for a member of the space, else how the architecture falls outside it."""
        try:
            self.refuse_outsider(architecture)
        except InputError as error:
            return str(error)
        return next(filter(None, (limit.refusal(architecture) for limit in self.constraints)), None)

    def __contains__(self, architecture: Architecture) -> bool:
        return self.refusal(architecture) is None

    def sample(self, rng: Random) -> Architecture:
        """A member of the space: every primitive uniform, redrawn whole until the constraints hold."""
        return self.redraw(lambda: self._draw(rng))

    def redraw(self, draw: Callable[[], Architecture]) -> Architecture:
        """The first member among at most 100,000 drawn. Raises InputError naming the constraint."""
        refusals: Counter[str] = Counter()
        for _ in range(REDRAWS):
            architecture = draw()
            refusal = self.refusal(architecture)
            if refusal is None:
                return architecture
            refusals[refusal] += 1
        raise InputError(
            f"{REDRAWS} architectures drawn and none is allowed, most often because "
            f"{refusals.most_common(1)[0][0]}; widen the limits"
        )

    def _draw(self, rng: Random) -> Architecture:
        return Architecture(
            tuple(
                Block(tuple((primitive, rng.choice(primitive.choices)) for primitive in self.primitives))
                for _ in range(self.blocks)
            )
        )

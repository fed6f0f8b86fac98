"""A perturbation that is drawn again until its result is in the space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from eatnas_tf.space import Architecture, SearchSpace


class Drawn(NamedTuple):
    """An architecture, and how many were drawn in vain before it."""

    architecture: Architecture
    redraws: int


@dataclass(frozen=True)
class Redrawing:
    """Makes children that are members of `space`, by a perturbation that need not (Algorithm 4).

    It is a perturbation like any other, and one whose redraws can be counted.
    """

    space: SearchSpace
    perturbation: Callable[[Architecture, Random], Architecture]

    def __call__(self, architecture: Architecture, rng: Random) -> Architecture:
        """A member of the space. Raises InputError naming the constraint if there is none within reach."""
        return self.drawn(architecture, rng).architecture

    def drawn(self, architecture: Architecture, rng: Random) -> Drawn:
        """As a call, with the number of redraws."""
        draws = 0

        def draw() -> Architecture:
            nonlocal draws
            draws += 1
            return self.perturbation(architecture, rng)

        found = self.space.redraw(draw)
        return Drawn(found, draws - 1)

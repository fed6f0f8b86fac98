"""Candidates, what was measured of them, and the population they live in (Algorithm 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from eatnas_tf.space import Architecture, Change


@dataclass(frozen=True)
class Candidate:
    """An architecture to be evaluated. `parent` is the id of the one it is a mutation of, None in cycle 0."""

    id: int
    architecture: Architecture
    parent: int | None = None
    mutated: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """What an evaluation found: validation accuracy (a fraction), size (the objective's raw unit), seconds.

    `details` are further facts for the journal, such as the loss.
    """

    accuracy: float
    size: float
    seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Individual:
    """An evaluated candidate. `cycle` is 0 for the first population, then counts evaluated children.

    `replaced` is the id of the individual that left the population for it.
    """

    candidate: Candidate
    measurement: Measurement
    score: float
    cycle: int
    replaced: int | None = None

    @property
    def id(self) -> int:
        return self.candidate.id

    @property
    def architecture(self) -> Architecture:
        return self.candidate.architecture


def top(individuals: Iterable[Individual], k: int) -> list[Individual]:
    """The `k` best by score, best first; of equals the older one wins."""
    return sorted(individuals, key=_rank)[:k]


def _rank(individual: Individual) -> tuple[float, int]:
    return -individual.score, individual.id


@dataclass(frozen=True)
class Population:
    """The individuals alive. Values are frozen: adding returns a new one."""

    individuals: tuple[Individual, ...] = ()

    def __len__(self) -> int:
        return len(self.individuals)

    @property
    def scores(self) -> list[float]:
        return [individual.score for individual in self.individuals]

    def tournament(self, size: int, rng: Random) -> tuple[Individual, Individual]:
        """The best and the worst of `size` individuals drawn without replacement.

        Ties: the older is the better one.
        """
        drawn = rng.sample(self.individuals, min(size, len(self.individuals)))
        return min(drawn, key=_rank), max(drawn, key=_rank)

    def adding(self, individual: Individual) -> Population:
        """The population with `individual`, and without the one that it replaces."""
        staying = tuple(alive for alive in self.individuals if alive.id != individual.replaced)
        return Population((*staying, individual))

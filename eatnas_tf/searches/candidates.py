"""Candidates and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from eatnas_tf.space import Architecture, Change


@dataclass(frozen=True)
class Candidate:
    """An architecture to be evaluated.

    `parent` is the id of the candidate that it was derived from, None if there is none. `mutated` are its
    differences from that parent or, in the first population of a transfer, from the basic architecture.
    """

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
    """An evaluated candidate. `cycle` is 0 for the first population, then counts evaluated candidates.

    `replaced` is the id of the individual that left the population when this one joined; its own id if it
    did not get in.
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
    return sorted(individuals, key=rank)[:k]


def rank(individual: Individual) -> tuple[float, int]:
    """Sorts the best first; of equals the older one."""
    return -individual.score, individual.id

"""Candidates and what was measured of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eatnas_tf.space import Architecture, Change

ACCURACY = "accuracy"


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


@dataclass(frozen=True, init=False)
class Measurement:
    """What an evaluation found: metrics by name, size (the objective's raw unit), seconds.

    `Measurement(0.5, 1)` is short for `Measurement(metrics={"accuracy": 0.5}, size=1)`: the accuracy is a
    fraction of the validation images. Which metric a score is made of, the ledger knows. `details` are
    further facts for the journal, such as the loss.
    """

    metrics: Mapping[str, float]
    size: float
    seconds: float
    details: dict[str, Any]

    def __init__(
        self,
        accuracy: float | None = None,
        size: float | None = None,
        seconds: float = 0.0,
        details: dict[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        if size is None or (accuracy is None) == (metrics is None):
            raise TypeError("a Measurement needs a size, and either an accuracy or metrics")
        found = {ACCURACY: accuracy} if metrics is None else dict(metrics)
        for name, value in zip(
            ("metrics", "size", "seconds", "details"), (found, size, seconds, details or {}), strict=True
        ):
            object.__setattr__(self, name, value)

    @property
    def accuracy(self) -> float:
        """The metric of that name; no number if there is none."""
        return self.metrics.get(ACCURACY, math.nan)


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

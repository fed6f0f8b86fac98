"""The Pareto front: what nothing else is both smaller than and better."""

from __future__ import annotations

import math
from collections.abc import Iterable

from eatnas_tf.searches import Individual


def front(individuals: Iterable[Individual]) -> tuple[Individual, ...]:
    """The individuals that no other one dominates, the smallest first.

    One dominates another if it is at least as accurate and at most as large, and not equal in both. An
    accuracy that is not a number is dominated by everything.
    """
    kept: list[Individual] = []
    for one in sorted(individuals, key=lambda one: (one.measurement.size, -_accuracy(one), one.id)):
        if not kept or _accuracy(one) > _accuracy(kept[-1]) or _same(one, kept[-1]):
            kept.append(one)
    return tuple(kept)


def _accuracy(one: Individual) -> float:
    return -math.inf if math.isnan(one.measurement.accuracy) else one.measurement.accuracy


def _same(one: Individual, other: Individual) -> bool:
    return one.measurement.size == other.measurement.size and _accuracy(one) == _accuracy(other)

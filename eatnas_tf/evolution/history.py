"""A search told again from its individuals: where it stood after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eatnas_tf.evolution.population import Individual, Population, top


@dataclass(frozen=True)
class Moment:
    """A search after a cycle: how many were evaluated by then, who was alive, the population's quality."""

    cycle: int
    evaluations: int
    population: Population
    quality: float


def moments(
    individuals: Iterable[Individual], first: int, quality: Callable[[Sequence[float]], float]
) -> Iterator[Moment]:
    """Every cycle of a search whose first population has `first` members, from cycle 0 on."""
    population = Population()
    for evaluations, individual in enumerate(individuals, start=1):
        population = population.adding(individual)
        if evaluations >= first:
            yield Moment(evaluations - first, evaluations, population, quality(population.scores))


def leader(history: Iterable[Moment]) -> Individual:
    """What a search with this history ends with: the best of its best population."""
    peak = max(history, key=lambda moment: moment.quality)
    return top(peak.population.individuals, 1)[0]

"""What a search knows: the candidates told and pending, the population, its quality, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eatnas_tf.errors import InputError
from eatnas_tf.searches.candidates import ACCURACY, Candidate, Individual, Measurement, rank, top
from eatnas_tf.searches.journal import ADVICE
from eatnas_tf.searches.population import Population
from eatnas_tf.searches.scoring import Quality
from eatnas_tf.space import Architecture


@dataclass(frozen=True)
class Limits:
    """When a search ends: converged, or out of cycles.

    It has converged when the quality has not exceeded the best so far by `min_delta` for `patience` cycles.
    """

    cycles: int = 1400
    patience: int = 100
    min_delta: float = 1e-4


@dataclass(frozen=True)
class Moment:
    """A search after a cycle: the number of evaluations, the population and its quality."""

    cycle: int
    evaluations: int
    population: Population
    quality: float

    @property
    def ranking(self) -> list[Individual]:
        """The population, the best first."""
        return top(self.population.individuals, len(self.population))


class Ledger:
    """What is known of a search, whatever its strategy.

    Its first population has `size` members, and from then on the population keeps that size. `score` maps
    (value of the metric called `metric`, size of the network) to a number; a metric that a measurement lacks
    is NaN. `quality` maps the population's scores to one. `best` is the best individual so far; `peak` is
    the moment with the best quality so far, which a search ends with.
    """

    def __init__(
        self,
        size: int,
        score: Callable[[float, float], float],
        quality: Callable[[Sequence[float]], float] | None = None,
        limits: Limits | None = None,
        metric: str = ACCURACY,
    ) -> None:
        self.size, self.limits = size, limits or Limits()
        self.told: dict[int, Individual] = {}
        self.pending: dict[int, Candidate] = {}
        self.population = Population()
        self.best: Individual | None = None
        self.peak: Moment | None = None
        self.quality: float | None = None
        self.exhausted = False
        self._score, self._quality, self._metric = score, quality or Quality(), metric
        self._known: set[Architecture] = set()
        self._stalled = 0

    @property
    def evaluations(self) -> int:
        return len(self.told)

    @property
    def cycle(self) -> int:
        """Candidates evaluated after the first population."""
        return max(0, len(self.told) - self.size)

    @property
    def seconds(self) -> float:
        """What all evaluations took, added up."""
        return math.fsum(individual.measurement.seconds for individual in self.told.values())

    @property
    def moment(self) -> Moment | None:
        """The search as it stands; None before the first population is complete."""
        if self.quality is None:
            return None
        return Moment(self.cycle, self.evaluations, self.population, self.quality)

    @property
    def finished(self) -> str | None:
        """Why the search is over, or None while it is not."""
        if self.quality is None:
            return None
        if self.cycle >= self.limits.cycles:
            return f"all {self.limits.cycles} cycles done"
        if self._stalled >= self.limits.patience:
            return f"converged: quality has not risen for {self._stalled} cycles"
        if self.exhausted and not self.pending:
            return "no architecture that was not evaluated is left within reach"
        return None

    @property
    def full(self) -> bool:
        """Whether the cycles that are left are all taken by pending candidates."""
        return len(self.told) + len(self.pending) >= self.size + self.limits.cycles

    def knows(self, architecture: Architecture) -> bool:
        """Whether the architecture has been evaluated or is pending."""
        return architecture in self._known

    def alive_or_needed(self) -> set[int]:
        """Ids whose weights are still needed: the population, the best, and parents of pending candidates.

        The best is the best individual so far, and the one that leads the best population.
        """
        parents = {one.parent for one in self.pending.values() if one.parent is not None}
        best = {self.best.id} if self.best else set()
        leader = {self.peak.ranking[0].id} if self.peak else set()
        return self.population.ids | parents | best | leader

    def expect(self, candidate: Candidate) -> None:
        """Takes note of a candidate that is being evaluated."""
        self.pending[candidate.id] = candidate
        self._known.add(candidate.architecture)

    def tell(self, number: int, measurement: Measurement, leavers: Sequence[int] = ()) -> Individual:
        """The pending candidate `number` as the individual that its measurement makes of it."""
        candidate = self.pending.pop(number)
        score = self._score_of(measurement)
        individual = Individual(candidate, measurement, score, self._next_cycle)
        if len(self.told) >= self.size:
            replaced = self._leaver(individual, leavers)
            individual = Individual(candidate, measurement, score, self._next_cycle, replaced)
        self._take(individual)
        return individual

    def restore(self, individual: Individual) -> None:
        """Takes an individual of an earlier run. Raises InputError if it cannot have come next."""
        wrong = self._disorder(individual)
        if wrong:
            raise InputError(f"candidate {individual.id} {wrong}; {ADVICE}")
        self._take(individual)

    def replay(self, individuals: Iterable[Individual]) -> Iterator[Moment]:
        """Restores individuals one by one; yields every moment from the first whole population on."""
        for individual in individuals:
            self.restore(individual)
            if self.moment is not None:
                yield self.moment

    def _score_of(self, measurement: Measurement) -> float:
        return self._score(measurement.metrics.get(self._metric, math.nan), measurement.size)

    @property
    def _next_cycle(self) -> int:
        return max(0, len(self.told) + 1 - self.size)

    def _leaver(self, individual: Individual, leavers: Sequence[int]) -> int:
        """Who leaves the complete population for `individual`."""
        alive, ids = self.population.individuals, self.population.ids
        worst = max(alive if leavers else (*alive, individual), key=rank)
        return next((number for number in leavers if number in ids), worst.id)

    def _take(self, individual: Individual) -> None:
        self.exhausted = False  # a strategy may have something new to try now
        self.told[individual.id] = individual
        self._known.add(individual.architecture)
        self.population = self.population.adding(individual)
        self.best = individual if self.best is None else top([self.best, individual], 1)[0]
        if len(self.told) >= self.size:
            self._judge()

    def _judge(self) -> None:
        quality = self.quality = self._quality(self.population.scores)
        best = self.peak.quality if self.peak else -math.inf
        self._stalled = 0 if quality > best + self.limits.min_delta else self._stalled + 1
        if quality > best:
            self.peak = self.moment

    def _disorder(self, individual: Individual) -> str | None:
        """Why `individual` cannot be the next one told; None if it can."""
        parent, score = individual.candidate.parent, self._score_of(individual.measurement)
        if individual.id in self.told:
            return "comes twice"
        if not math.isclose(individual.score, score, rel_tol=1e-9):
            return f"has the score {individual.score:g}, where its {self._metric} and size make {score:g}"
        if individual.cycle != self._next_cycle:
            return f"is of cycle {individual.cycle}, where {self._next_cycle} comes next"
        if parent is not None and parent not in self.told:
            return f"has a parent {parent} that did not come before it"
        if individual.cycle and individual.replaced not in {*self.population.ids, individual.id}:
            return f"replaces {individual.replaced}, which is not alive"
        return None

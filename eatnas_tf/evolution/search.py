"""Algorithm 1: tournament evolution, asked for candidates and told what they measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.evolution.journal import ADVICE
from eatnas_tf.evolution.population import Candidate, Individual, Measurement, Population, top
from eatnas_tf.evolution.redrawing import Drawn, Redrawing
from eatnas_tf.evolution.scoring import Quality
from eatnas_tf.evolution.workforce import Alone, Task, Workforce
from eatnas_tf.space import Architecture, differences

Perturb = Callable[[Architecture, Random], Architecture]

TOURNAMENTS = 100
PERTURBATIONS = 20  # a parent whose nearest relatives are all evaluated gives way to another


@dataclass(frozen=True)
class Limits:
    """How large tournaments are and when a search ends: converged, or out of cycles.

    A search has converged when the quality has not exceeded the best so far by `min_delta` for `patience`
    cycles.
    """

    sample: int = 16
    cycles: int = 1400
    patience: int = 100
    min_delta: float = 1e-4


@dataclass(frozen=True)
class Peak:
    """The population of the cycle with the best quality so far: what a search ends with."""

    quality: float
    cycle: int
    population: Population


class Asked(NamedTuple):
    """A candidate that is out; a child's `worst` is to leave for it, and `redraws` were made before it."""

    candidate: Candidate
    worst: int | None = None
    redraws: int | None = None


class Evolution:
    """Algorithm 1 from its first population on.

    `ask` hands out the next candidate, `tell` takes its measurement. One at a time this is the algorithm to
    the letter; several candidates may also be out at once. Every child draws from a generator of its own,
    made from (seed, id), so that a search told the same draws the same. `perturb` makes a child of an
    architecture, `score` maps (accuracy, size) to a number. How often a child was drawn in vain, being
    known already or, of a `Redrawing`, outside the space, is a detail `redraws` of its measurement.
    """

    def __init__(
        self,
        first: Sequence[Candidate],
        perturb: Perturb,
        score: Callable[[float, float], float],
        quality: Callable[[Sequence[float]], float] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> None:
        self._first = list(first)
        self._perturb = perturb
        self._score = score
        self._quality = quality or Quality()
        self._limits = limits or Limits()
        self._seed = seed
        self._out: dict[int, Asked] = {}
        self.told: dict[int, Individual] = {}
        self._seen = {candidate.architecture for candidate in first}
        self._next = 0
        self._exhausted = False
        self._stalled = 0
        self.population = Population()
        self.best: Individual | None = None
        self.peak: Peak | None = None
        self.quality: float | None = None

    @property
    def cycle(self) -> int:
        """Children evaluated so far."""
        return max(0, len(self.told) - len(self._first))

    @property
    def cycles(self) -> int:
        """The cap on cycles."""
        return self._limits.cycles

    @property
    def evaluations(self) -> int:
        return len(self.told)

    @property
    def out(self) -> set[int]:
        """Ids of the candidates that were asked for and not told of yet."""
        return set(self._out)

    @property
    def finished(self) -> str | None:
        """Why the search is over, or None while it is not."""
        if self.quality is None:
            return None
        if self.cycle >= self._limits.cycles:
            return f"all {self._limits.cycles} cycles done"
        if self._stalled >= self._limits.patience:
            return f"converged: quality has not risen for {self._stalled} cycles"
        if self._exhausted and not self._out:
            return "no architecture that was not evaluated is left within reach"
        return None

    def ask(self) -> Candidate | None:
        """The next candidate to evaluate, or None: the search is over, or has to be told of others first."""
        while self._next in self.told or self._next in self._out:
            self._next += 1
        number = self._next
        if number < len(self._first):
            self._out[number] = Asked(self._first[number])
            return self._first[number]
        if self.quality is None or self.finished or self._exhausted:
            return None
        if self.cycle + len(self._out) >= self._limits.cycles:
            return None
        return self._child(number)

    def tell(self, candidate: Candidate, measurement: Measurement) -> Individual:
        """Takes a candidate's measurement: it joins the population, and its tournament's worst leaves."""
        _, worst, redraws = self._out.pop(candidate.id)
        if redraws is not None:
            measurement = replace(measurement, details={**measurement.details, "redraws": redraws})
        self._exhausted = False  # who joins now may be a parent of something new
        if worst is not None and all(alive.id != worst for alive in self.population.individuals):
            worst = self.population.tournament(self._limits.sample, self._generator(candidate.id))[1].id
        score = self._score(measurement.accuracy, measurement.size)
        cycle = max(0, len(self.told) + 1 - len(self._first))
        individual = Individual(candidate, measurement, score, cycle, worst)
        self._take(individual)
        return individual

    def restore(self, individual: Individual) -> None:
        """Takes an individual of an earlier run, as a journal holds it.

        Raises InputError if the first population has another architecture in its place, or if this search
        cannot have come to it.
        """
        drawn = self._first[individual.id].architecture if individual.id < len(self._first) else None
        if drawn is not None and drawn != individual.architecture:
            raise InputError(
                f"candidate {individual.id} was {individual.architecture} and would now be {drawn}: "
                "where the search starts from, or a plugin, has changed; use another --workdir"
            )
        wrong = self._disorder(individual)
        if wrong:
            raise InputError(f"candidate {individual.id} {wrong}; {ADVICE}")
        self._take(individual)

    def _take(self, individual: Individual) -> None:
        self.told[individual.id] = individual
        self._seen.add(individual.architecture)
        self.population = self.population.adding(individual)
        self.best = individual if self.best is None else top([self.best, individual], 1)[0]
        if len(self.told) >= len(self._first):
            self._judge()

    def alive_or_needed(self) -> set[int]:
        """Ids whose weights are still of use: the population, the best, and parents of children that are out.

        The best is the best individual so far, and the one that leads the best population.
        """
        parents = {candidate.parent for candidate, *_ in self._out.values() if candidate.parent is not None}
        best = {self.best.id} if self.best else set()
        if self.peak:
            best.add(top(self.peak.population.individuals, 1)[0].id)
        return {alive.id for alive in self.population.individuals} | parents | best

    def _child(self, number: int) -> Candidate | None:
        """A child whose code is new: perturbed again while it is not, then after another tournament."""
        rng, in_vain = self._generator(number), 0
        for _ in range(TOURNAMENTS):
            parent, worst = self.population.tournament(self._limits.sample, rng)
            for _ in range(PERTURBATIONS):
                architecture, redraws = self._drawn(parent.architecture, rng)
                in_vain += redraws
                if architecture not in self._seen:
                    mutated = differences(parent.architecture, architecture)
                    child = Candidate(number, architecture, parent.id, mutated)
                    self._seen.add(architecture)
                    self._out[number] = Asked(child, worst.id, in_vain)
                    return child
                in_vain += 1
        self._exhausted = True
        return None

    def _drawn(self, parent: Architecture, rng: Random) -> Drawn:
        if isinstance(self._perturb, Redrawing):
            return self._perturb.drawn(parent, rng)
        return Drawn(self._perturb(parent, rng), 0)

    def _disorder(self, individual: Individual) -> str | None:
        """Why `individual` cannot be the next one told; None if it can."""
        parent, replaced = individual.candidate.parent, individual.replaced
        cycle = max(0, len(self.told) + 1 - len(self._first))
        measured = individual.measurement
        score = self._score(measured.accuracy, measured.size)
        if individual.id in self.told:
            return "comes twice"
        if not math.isclose(individual.score, score, rel_tol=1e-9):
            return f"has the score {individual.score:g}, where its accuracy and size make {score:g}"
        if individual.cycle != cycle:
            return f"is of cycle {individual.cycle}, where {cycle} comes next"
        if parent is not None and parent not in self.told:
            return f"has a parent {parent} that did not come before it"
        if cycle and replaced not in {alive.id for alive in self.population.individuals}:
            return f"replaces {replaced}, which is not alive"
        return None

    def _judge(self) -> None:
        quality = self._quality(self.population.scores)
        best = self.peak.quality if self.peak else float("-inf")
        self._stalled = 0 if quality > best + self._limits.min_delta else self._stalled + 1
        if quality > best:
            self.peak = Peak(quality, self.cycle, self.population)
        self.quality = quality

    def _generator(self, number: int) -> Random:
        return Random(f"{self._seed}/{number}")


def evolve(
    evolution: Evolution,
    evaluate: Callable[[Candidate], Measurement],
    taken: Callable[[Individual], None] = lambda individual: None,
) -> Peak:
    """Runs a search to its end, one candidate at a time, and returns the best population.

    `taken` hears of every individual.
    Nothing here knows what an architecture is evaluated by: a table, a simulation or a training.
    """
    return evolve_with(evolution, Alone(lambda task: evaluate(task.candidate)), taken)


def evolve_with(
    evolution: Evolution,
    workforce: Workforce,
    taken: Callable[[Individual], None] = lambda individual: None,
) -> Peak:
    """Runs a search to its end in steady state: whenever a place is free, it gets the next child.

    With a capacity of 1 this is Algorithm 1 to the letter. Candidates that are out when the search converges
    still count, and one that raises the quality lets it go on. The workforce is left open.
    """
    under_way = 0
    while True:
        while under_way < workforce.capacity and (candidate := evolution.ask()) is not None:
            parent = None if candidate.parent is None else evolution.told[candidate.parent].architecture
            workforce.submit(Task(candidate, parent))
            under_way += 1
        if not under_way:
            break
        finished = workforce.next_finished()
        under_way -= 1
        taken(evolution.tell(finished.candidate, finished.measurement))
    assert evolution.peak is not None
    return evolution.peak

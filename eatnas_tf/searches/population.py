"""The population: the individuals that are alive (Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from eatnas_tf.searches.candidates import Individual, rank


@dataclass(frozen=True)
class Population:
    """The individuals alive, in the order in which they joined. Adding returns a new population."""

    individuals: tuple[Individual, ...] = ()

    def __len__(self) -> int:
        return len(self.individuals)

    @property
    def scores(self) -> list[float]:
        return [individual.score for individual in self.individuals]

    @property
    def ids(self) -> set[int]:
        return {individual.id for individual in self.individuals}

    def tournament(self, size: int, rng: Random) -> list[Individual]:
        """`size` individuals drawn without replacement, or all if there are fewer; the best first."""
        return sorted(rng.sample(self.individuals, min(size, len(self.individuals))), key=rank)

    def adding(self, individual: Individual) -> Population:
        """The population with `individual` and without the one that it replaces."""
        everybody = (*self.individuals, individual)
        return Population(tuple(one for one in everybody if one.id != individual.replaced))

"""Tournament evolution (arXiv 1901.05884, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from eatnas_tf.searches import Drawn, Individual, Ledger, Perturb, Problem, Proposal, Redrawing
from eatnas_tf.space import Architecture

TOURNAMENTS = 100
PERTURBATIONS = 20  # a parent whose nearest relatives are all evaluated gives way to another one


@dataclass(frozen=True)
class Evolution:
    """The best of a sample of the population is mutated; the sample's worst leaves for the child.

    `perturb` makes a child of an architecture. Children that are known already are drawn again, then other
    samples are; the detail `redraws` in the journal counts the children drawn in vain.
    """

    perturb: Perturb
    sample: int = 16

    def ask(self, ledger: Ledger, rng: Random) -> Proposal | None:
        """A child of the present population. None before the first population is complete."""
        if ledger.quality is None:
            return None
        redraws = 0
        for _ in range(TOURNAMENTS):
            ranking = ledger.population.tournament(self.sample, rng)
            for _ in range(PERTURBATIONS):
                drawn = self._drawn(ranking[0].architecture, rng)
                redraws += drawn.redraws
                if not ledger.knows(drawn.architecture):
                    return _proposal(ranking, drawn.architecture, redraws)
                redraws += 1
        return None

    def tell(self, ledger: Ledger, individual: Individual) -> None:
        """There is nothing to remember: the ledger has the population."""

    def _drawn(self, parent: Architecture, rng: Random) -> Drawn:
        if isinstance(self.perturb, Redrawing):
            return self.perturb.drawn(parent, rng)
        return Drawn(self.perturb(parent, rng), 0)


def _proposal(ranking: list[Individual], child: Architecture, redraws: int) -> Proposal:
    leavers = tuple(individual.id for individual in reversed(ranking))
    return Proposal(child, ranking[0].id, leavers, {"redraws": redraws})


def evolution(problem: Problem) -> Evolution:
    """The part `evolution`: Algorithm 1 with the problem's perturbation and sample."""
    return Evolution(problem.perturb, problem.sample)

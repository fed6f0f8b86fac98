"""First-improvement local search, a strong baseline on tabular benchmarks (arXiv 2005.02960)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from eatnas_tf.searches import Individual, Ledger, Problem, Proposal, top
from eatnas_tf.space import Architecture, SearchSpace
from eatnas_tf.strategies.random_search import RandomSearch


class LocalSearch:
    """Proposes the neighbours of the best in random order and moves as soon as one of them is better.

    A neighbour differs in one primitive of one block. When none is left, the search restarts from a random
    member of the space. The best of the first population is the first centre.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space, self._restart = space, RandomSearch(space)
        self._centre: Individual | None = None

    def ask(self, ledger: Ledger, rng: Random) -> Proposal | None:
        """An unknown neighbour of the centre, else a random restart once no neighbour is pending."""
        centre = self._centre
        if centre is None:
            return None
        unknown = [code for code in neighbours(centre.architecture, self._space) if not ledger.knows(code)]
        if unknown:
            return Proposal(rng.choice(unknown), centre.id)
        return None if ledger.pending else self._restart.ask(ledger, rng)

    def tell(self, ledger: Ledger, individual: Individual) -> None:
        """Moves to a restart, or to an individual that is better than the centre."""
        if self._centre is None:
            if ledger.quality is not None:
                self._centre = top(ledger.told.values(), 1)[0]
        elif individual.candidate.parent is None or individual.score > self._centre.score:
            self._centre = individual


def neighbours(architecture: Architecture, space: SearchSpace) -> Iterator[Architecture]:
    """Every member of the space that differs in one primitive of one block, in a fixed order."""
    for place, block in enumerate(architecture):
        for primitive in space.primitives:
            for value in primitive.choices:
                if value != block[primitive.name]:
                    neighbour = architecture.replace(place, **{primitive.name: value})
                    if neighbour in space:
                        yield neighbour


def local_search(problem: Problem) -> LocalSearch:
    """The part `local_search`."""
    return LocalSearch(problem.space)

"""Random search: the baseline that every other strategy has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from eatnas_tf.searches import Individual, Ledger, Problem, Proposal
from eatnas_tf.space import SearchSpace

DRAWS = 1000  # known members drawn in a row before the space counts as used up


@dataclass(frozen=True)
class RandomSearch:
    """Members of the space drawn uniformly, none twice. The population holds the best ones."""

    space: SearchSpace

    def ask(self, ledger: Ledger, rng: Random) -> Proposal | None:
        """A member that is not known yet; None if none was found."""
        drawn = (self.space.sample(rng) for _ in range(DRAWS))
        return next((Proposal(member) for member in drawn if not ledger.knows(member)), None)

    def tell(self, ledger: Ledger, individual: Individual) -> None:
        """What was measured changes nothing."""


def random_search(problem: Problem) -> RandomSearch:
    """The part `random`."""
    return RandomSearch(problem.space)

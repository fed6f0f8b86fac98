"""Strategies that raise: the part is named, and what was measured is kept."""

import pytest

from eatnas_tf.errors import PartError
from eatnas_tf.searches import Ledger, Limits, Measurement, Problem, Proposal, Search, random_population, run
from eatnas_tf.space import SearchSpace
from eatnas_tf.strategies.random_search import random_search

SPACE = SearchSpace(2)


class DeafStrategy:
    """Proposes members of the space, and raises when it hears of a child."""

    def __init__(self) -> None:
        self.random = random_search(Problem(SPACE, lambda parent, rng: parent))

    def ask(self, ledger, rng):
        return self.random.ask(ledger, rng)

    def tell(self, ledger, individual):
        if ledger.cycle:
            raise KeyError("a score")


class DumbStrategy(DeafStrategy):
    def ask(self, ledger, rng):
        return self._nothing()

    def _nothing(self) -> Proposal:
        raise ValueError("no idea")


def search(strategy) -> Search:
    ledger = Ledger(2, lambda accuracy, size: accuracy, limits=Limits(3))
    return Search(random_population(SPACE, 2, 0), strategy, ledger, 0, SPACE)


def measured(candidate) -> Measurement:
    return Measurement(0.5, size=1)


def test_a_strategy_that_raises_is_named_with_the_line_that_raised() -> None:
    place = r"strategy DumbStrategy: ValueError: no idea \(test_strategy_faults\.py, line \d+\)"
    with pytest.raises(PartError, match=place):
        run(search(DumbStrategy()), measured)


def test_a_candidate_is_written_before_a_strategy_hears_of_it() -> None:
    written = []
    with pytest.raises(PartError, match="strategy DeafStrategy: KeyError: 'a score'"):
        run(search(DeafStrategy()), measured, written.append)
    assert [individual.id for individual in written] == [0, 1, 2]


def test_an_earlier_run_that_a_strategy_cannot_hear_of_is_refused() -> None:
    told: list = []
    run(search(random_search(Problem(SPACE, lambda parent, rng: parent))), measured, told.append)
    again = search(DeafStrategy())
    again.restore(told[0])
    again.restore(told[1])
    with pytest.raises(PartError, match="strategy DeafStrategy"):
        again.restore(told[2])

"""Strategies that raise or propose what a search cannot use: one line, and what was measured is kept."""

import json

import numpy as np
import pytest

from eatnas_tf.errors import InputError, PartError
from eatnas_tf.searches import Ledger, Limits, Measurement, Problem, Proposal, Search, random_population, run
from eatnas_tf.searches.journal import line_of
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


class Detailed(DeafStrategy):
    """Proposes with a parent, leavers and details of its own."""

    def __init__(self, parent=None, leavers=(), details=None) -> None:
        super().__init__()
        self.given = {"parent": parent, "leavers": leavers, "details": details or {}}

    def ask(self, ledger, rng):
        return Proposal(self.random.ask(ledger, rng).architecture, **self.given)

    def tell(self, ledger, individual) -> None: ...


def test_ids_and_details_may_be_numbers_of_numpy() -> None:
    written = []
    strategy = Detailed(np.int64(1), np.array([0, 1]), {"heat": np.float32(0.5), "steps": np.int64(3)})
    run(search(strategy), measured, written.append)
    line = json.loads(json.dumps(line_of(written[2], 0.5)))
    assert (line["parent"], line["replaced"], line["heat"], line["steps"]) == (1, 0, 0.5, 3)


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"seen": {1, 2}}, r"its details are \{'seen': \{1, 2\}\}; expected what JSON can hold"),
        ({"score": 1.0}, "proposed the detail 'score', which the journal has already"),
    ],
)
def test_details_that_no_journal_can_hold_are_refused_before_the_candidate_is_measured(details, message):
    written = []
    with pytest.raises(InputError, match=message):
        run(search(Detailed(details=details)), measured, written.append)
    assert len(written) == 2


def test_a_parent_that_is_no_id_is_refused() -> None:
    with pytest.raises(InputError, match="a child of 7; expected the id of an individual"):
        run(search(Detailed(7)), measured)


def test_a_strategy_cannot_hide_that_a_candidate_failed() -> None:
    written = []
    failed = {"failed": "no memory"}
    run(
        search(Detailed(details={"failed": "not at all"})),
        lambda candidate: Measurement(0.0, 1, details=failed),
        written.append,
    )
    assert written[-1].measurement.details == failed

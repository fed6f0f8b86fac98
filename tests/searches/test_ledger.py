"""A ledger that is told a search again is the ledger that was."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.mutations import operators
from eatnas_tf.searches import (
    Candidate,
    Ledger,
    Limits,
    Measurement,
    Problem,
    Score,
    Search,
    random_population,
    run,
)
from eatnas_tf.space import SearchSpace

SPACE = SearchSpace(3)
CODES = [candidate.architecture for candidate in random_population(SPACE, 12, seed=0)]


def _measured(candidate) -> Measurement:
    digest = hashlib.sha256(str(candidate.architecture).encode()).digest()
    return Measurement(0.5 + digest[0] / 512, 1_000_000 + digest[1], 0.25)


def _problem() -> Problem:
    one_block, mutations = registry.get("perturbations", "one_block"), operators(SPACE)
    return Problem(SPACE, lambda code, rng: one_block(code, SPACE, mutations, rng), sample=2)


@given(
    st.sampled_from(registry.names("strategies")), st.integers(2, 6), st.integers(0, 20), st.integers(0, 99)
)
def test_a_replay_gives_every_moment_of_the_search(strategy, population, cycles, seed) -> None:
    ledger = Ledger(population, Score(1e6), limits=Limits(cycles, patience=1000))
    made = registry.get("strategies", strategy)(_problem())
    was = []
    run(
        Search(random_population(SPACE, population, seed), made, ledger, seed),
        _measured,
        lambda individual: was.append((ledger.moment, ledger.peak)),
    )
    again = Ledger(population, Score(1e6), limits=Limits(cycles, patience=1000))
    assert list(again.replay(ledger.told.values())) == [moment for moment, _ in was if moment is not None]
    assert (again.peak, again.best, again.finished) == (ledger.peak, ledger.best, ledger.finished)
    assert again.seconds == 0.25 * (population + cycles)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=12))
def test_without_leavers_the_population_holds_the_best_so_far(accuracies) -> None:
    ledger = Ledger(3, lambda accuracy, size: accuracy)
    for number, accuracy in enumerate(accuracies):
        ledger.expect(Candidate(number, CODES[number]))
        ledger.tell(number, Measurement(accuracy, 1))
        kept = sorted(ledger.told.values(), key=lambda one: (-one.score, one.id))[:3]
        assert ledger.population.ids == {one.id for one in kept}


def test_the_first_leaver_that_is_still_alive_leaves() -> None:
    ledger = Ledger(3, lambda accuracy, size: accuracy)
    for number, leavers in enumerate([(), (), (), (1, 0), (1, 2, 0), (1, 2)]):
        ledger.expect(Candidate(number, CODES[number]))
        ledger.tell(number, Measurement(0.1 * number, 1), leavers)
    assert [one.replaced for one in ledger.told.values()] == [None, None, None, 1, 2, 0]


def test_a_score_is_made_of_the_metric_that_the_ledger_is_told() -> None:
    ledger = Ledger(3, Score(1.0), metric="closeness")
    for number, metrics in enumerate(({"closeness": 0.25, "accuracy": 0.9}, {"accuracy": 0.9})):
        ledger.expect(Candidate(number, CODES[number]))
        ledger.tell(number, Measurement(size=1, metrics=metrics))
    assert [one.score for one in ledger.told.values()] == [0.25, 0.0]
    again = Ledger(3, Score(1.0), metric="closeness")
    for individual in ledger.told.values():
        again.restore(individual)
    assert again.best == ledger.best
    with pytest.raises(InputError, match=r"has the score 0\.25, where its accuracy and size make 0\.9"):
        Ledger(3, Score(1.0)).restore(ledger.told[0])

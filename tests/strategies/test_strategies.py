"""What holds for every registered strategy, and what each of the built-in ones promises."""

import hashlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.mutations import operators
from eatnas_tf.searches import (
    Finished,
    Ledger,
    Limits,
    Measurement,
    Problem,
    Proposal,
    Search,
    random_population,
    run,
    run_with,
)
from eatnas_tf.space import STANDARD, LayerLimit, SearchSpace, differences
from eatnas_tf.strategies.local_search import neighbours

SPACE = SearchSpace(3, constraints=(LayerLimit(3, 9),))
TINY = SearchSpace(
    1, tuple(one.restricted(one.choices[: 1 + (one.name in ("skip", "depth"))]) for one in STANDARD)
)  # 4 codes
SEEDS = st.integers(0, 2**16)
NAMES = registry.names("strategies")


def _problem(space: SearchSpace = SPACE) -> Problem:
    one_block, mutations = registry.get("perturbations", "one_block"), operators(space)
    return Problem(
        space, lambda code, rng: space.redraw(lambda: one_block(code, space, mutations, rng)), sample=3
    )


def _measured(candidate) -> Measurement:
    digest = hashlib.sha256(str(candidate.architecture).encode()).digest()
    return Measurement(int.from_bytes(digest[:4], "big") / 2**32, size=1)


def _search(name: str, seed: int = 0, space: SearchSpace = SPACE, first: int = 4, cycles: int = 30) -> Search:
    ledger = Ledger(first, lambda accuracy, size: accuracy, limits=Limits(cycles, patience=10**6))
    strategy = registry.get("strategies", name)(_problem(space))
    return Search(random_population(space, first, seed), strategy, ledger, seed)


class _AnyOrder:
    """Several places whose tasks finish in the order that `choose` draws."""

    def __init__(self, capacity, choose) -> None:
        self.capacity, self._choose, self._tasks = capacity, choose, []

    def submit(self, task) -> None:
        self._tasks.append(task.candidate)

    def next_finished(self) -> Finished:
        candidate = self._tasks.pop(self._choose(len(self._tasks)))
        return Finished(candidate, _measured(candidate))


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS)
@settings(max_examples=15)
def test_a_strategy_proposes_members_of_the_space_and_none_twice(name, seed) -> None:
    search = _search(name, seed)
    run(search, _measured)
    told = search.ledger.told.values()
    assert len({one.architecture for one in told}) == len(told) == 34
    assert all(one.architecture in SPACE for one in told)


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, cut=st.integers(0, 34))
@settings(max_examples=15)
def test_a_strategy_that_is_told_again_goes_on_as_if_never_stopped(name, seed, cut) -> None:
    whole = _search(name, seed)
    run(whole, _measured)
    told = list(whole.ledger.told.values())
    resumed = _search(name, seed)
    for individual in told[:cut]:
        resumed.restore(individual)
    run(resumed, _measured)
    assert list(resumed.ledger.told.values()) == told


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, capacity=st.integers(2, 6), data=st.data())
@settings(max_examples=15)
def test_a_strategy_serves_several_workers(name, seed, capacity, data) -> None:
    search = _search(name, seed)
    run_with(search, _AnyOrder(capacity, lambda count: data.draw(st.integers(0, count - 1))))
    assert len({one.architecture for one in search.ledger.told.values()}) == 34
    assert search.ledger.finished == "all 30 cycles done"


@pytest.mark.parametrize("name", ["local_search", "random"])
def test_a_search_ends_when_its_space_is_used_up(name) -> None:
    search = _search(name, space=TINY, first=2)
    run(search, _measured)
    assert len(search.ledger.told) == TINY.size
    assert search.ledger.finished == "no architecture that was not evaluated is left within reach"


@given(SEEDS)
@settings(max_examples=15)
def test_local_search_moves_to_the_first_better_neighbour_and_restarts_when_none_is_left(seed) -> None:
    search = _search("local_search", seed, cycles=200)
    run(search, _measured)
    told = list(search.ledger.told.values())
    centre = max(told[:4], key=lambda one: (one.score, -one.id))
    for place, one in enumerate(told[4:], start=4):
        known = {earlier.architecture for earlier in told[:place]}
        if one.candidate.parent is None:
            assert known >= set(neighbours(centre.architecture, SPACE))
            centre = one
            continue
        assert one.candidate.parent == centre.id
        assert len(differences(centre.architecture, one.architecture)) == 1
        centre = one if one.score > centre.score else centre


def test_neighbours_are_all_members_that_differ_in_one_primitive_of_one_block() -> None:
    code = TINY.sample(Random(0))
    assert len(list(neighbours(code, TINY))) == 2
    found = list(neighbours(code := SPACE.sample(Random(0)), SPACE))
    assert len(set(found)) == len(found)
    assert all(len(differences(code, one)) == 1 and one in SPACE for one in found)
    free = SearchSpace(3)
    assert len(list(neighbours(code, free))) == 3 * sum(len(one.choices) - 1 for one in free.primitives)


def test_a_strategy_that_repeats_itself_is_refused() -> None:
    class Stubborn:
        def ask(self, ledger, rng):
            return Proposal(ledger.best.architecture)

        def tell(self, ledger, individual) -> None:
            pass

    ledger = Ledger(2, lambda accuracy, size: accuracy)
    with pytest.raises(InputError, match=r"proposed .* again"):
        run(Search(random_population(SPACE, 2, 0), Stubborn(), ledger), _measured)

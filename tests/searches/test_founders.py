"""First populations: random ones, and those perturbed from a basic architecture."""

from functools import partial
from random import Random

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.mutations import operators
from eatnas_tf.searches import founders, perturbed_population, random_population
from eatnas_tf.space import STANDARD, ExpansionLimit, LayerLimit, SearchSpace, differences

SMALL = SearchSpace(constraints=(ExpansionLimit(4, 10),))
LARGE = SearchSpace(constraints=(LayerLimit(16, 18), ExpansionLimit(8, 16)))


def _perturb(space, name="every_block"):
    perturbation = partial(registry.get("perturbations", name), space=space, mutations=operators(space))
    return lambda architecture, rng: space.redraw(lambda: perturbation(architecture, rng=rng))


def test_a_random_population_is_different_members_of_the_space() -> None:
    population = random_population(LARGE, 16, seed=0)
    assert [candidate.id for candidate in population] == list(range(16))
    assert len({candidate.architecture for candidate in population}) == 16
    assert all(candidate.architecture in LARGE for candidate in population)
    assert all(candidate.parent is None and not candidate.mutated for candidate in population)


def test_a_random_population_repeats_with_its_seed_and_only_with_it() -> None:
    assert random_population(SMALL, 8, seed=1) == random_population(SMALL, 8, seed=1)
    assert random_population(SMALL, 8, seed=1) != random_population(SMALL, 8, seed=2)


def test_a_larger_random_population_begins_with_the_smaller() -> None:
    assert random_population(SMALL, 16, seed=1)[:8] == random_population(SMALL, 8, seed=1)


def test_a_transfers_population_is_perturbed_from_the_basic_architecture_within_the_new_limits() -> None:
    basic = SMALL.sample(Random(0))
    population = perturbed_population(basic, _perturb(LARGE), 16, seed=0)
    assert [candidate.id for candidate in population] == list(range(16))
    assert len({candidate.architecture for candidate in population}) == 16
    for candidate in population:
        assert candidate.architecture in LARGE
        assert candidate.parent is None
        assert candidate.mutated == differences(basic, candidate.architecture)
        assert [change.block for change in candidate.mutated] == list(range(1, 8))


def test_a_transfers_population_repeats_with_its_seed_and_only_with_it() -> None:
    basic, perturb = SMALL.sample(Random(0)), _perturb(SMALL)
    assert perturbed_population(basic, perturb, 8, seed=1) == perturbed_population(basic, perturb, 8, seed=1)
    assert perturbed_population(basic, perturb, 8, seed=1) != perturbed_population(basic, perturb, 8, seed=2)


@pytest.mark.parametrize(("size", "possible"), [(5, 4), (100, 4)])
def test_a_population_that_the_space_cannot_give_is_refused(monkeypatch, size, possible) -> None:
    monkeypatch.setattr(founders, "REDRAWS", 200)
    fixed = [primitive.restricted(primitive.choices[:1]) for primitive in STANDARD]
    space = SearchSpace(2, (*fixed[:2], STANDARD[2], *fixed[3:]))
    with pytest.raises(InputError) as refused:
        random_population(space, size, seed=0)
    assert str(refused.value) == (
        f"population: the space gives {possible} different architectures, not {size}; "
        "lower --population or widen the space"
    )
    with pytest.raises(InputError, match="population: the space gives 2 different architectures, not 3"):
        perturbed_population(space.sample(Random(0)), _perturb(space, "one_block"), 3, seed=0)


def test_a_space_may_be_used_up_to_its_last_code() -> None:
    space = SearchSpace(1)
    assert len({candidate.architecture for candidate in random_population(space, 288, seed=0)}) == space.size


@pytest.mark.parametrize("count", [1, 3, 8])
def test_given_architectures_come_first_and_the_others_are_drawn(count) -> None:
    given = [LARGE.sample(Random(number)) for number in range(count)]
    for population in (
        random_population(LARGE, 8, 0, given),
        perturbed_population(LARGE.sample(Random(9)), _perturb(LARGE), 8, 0, given),
    ):
        codes = [candidate.architecture for candidate in population]
        assert codes[:count] == given
        assert len(set(codes)) == 8
        assert [candidate.id for candidate in population] == list(range(8))

"""A search told again is the search that was."""

import hashlib
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.evolution import Evolution, Limits, Measurement, Quality, Score, evolve, random_population, top
from eatnas_tf.evolution.history import leader, moments
from eatnas_tf.mutations import operators
from eatnas_tf.space import SearchSpace

SPACE = SearchSpace(3)


def _measured(candidate) -> Measurement:
    digest = hashlib.sha256(str(candidate.architecture).encode()).digest()
    return Measurement(0.5 + digest[0] / 512, 1_000_000 + digest[1])


@given(st.integers(2, 6), st.integers(0, 20), st.integers(0, 99), st.data())
def test_every_moment_is_as_it_was_and_after_each_the_leader_is_what_the_search_would_have_ended_with(
    population, cycles, seed, data
) -> None:
    perturb = partial(registry.get("perturbations", "every_block"), space=SPACE, mutations=operators(SPACE))
    evolution = Evolution(
        random_population(SPACE, population, seed),
        lambda parent, rng: SPACE.redraw(lambda: perturb(parent, rng=rng)),
        Score(1e6),
        limits=Limits(sample=2, cycles=cycles, patience=1000),
        seed=seed,
    )
    told, was = [], []

    def taken(individual) -> None:
        told.append(individual)
        if evolution.peak:
            ends_with = top(evolution.peak.population.individuals, 1)[0]
            was.append((evolution.cycle, evolution.population, evolution.quality, ends_with))

    evolve(evolution, _measured, taken)
    history = list(moments(told, population, Quality()))
    assert [moment.evaluations for moment in history] == list(range(population, population + cycles + 1))
    assert [(moment.cycle, moment.population, moment.quality) for moment in history] == [
        one[:3] for one in was
    ]
    until = data.draw(st.integers(1, len(history)))
    assert leader(history[:until]) == was[until - 1][3]
    assert not list(moments(told[: population - 1], population, Quality()))

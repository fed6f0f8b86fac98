"""Redraws are counted, and counting them changes no draw."""

from random import Random

from eatnas_tf import registry
from eatnas_tf.mutations import operators
from eatnas_tf.searches import Ledger, Limits, Measurement, Redrawing, Search, random_population, run
from eatnas_tf.space import LayerLimit, SearchSpace
from eatnas_tf.strategies.evolution import Evolution

SPACE = SearchSpace(3, constraints=(LayerLimit(5, 6),))
EVERY_BLOCK = registry.get("perturbations", "every_block")


def _perturbed(architecture, rng):
    return EVERY_BLOCK(architecture, SPACE, operators(SPACE), rng)


def test_a_redrawing_draws_what_its_space_would_and_counts_those_before() -> None:
    redrawing, parent = Redrawing(SPACE, _perturbed), SPACE.sample(Random(0))
    counts = []
    for seed in range(100):
        rng, drawn = Random(seed), []
        while not drawn or drawn[-1] not in SPACE:
            drawn.append(_perturbed(parent, rng))
        found = redrawing.drawn(parent, Random(seed))
        assert found == (drawn[-1], len(drawn) - 1)
        assert redrawing(parent, Random(seed)) == drawn[-1]
        counts.append(found.redraws)
    assert 0 in counts
    assert max(counts) > 1


def test_a_search_tells_the_redraws_of_children_alone_and_is_the_search_that_it_was() -> None:
    def searched(perturb) -> Ledger:
        ledger = Ledger(5, lambda accuracy, size: accuracy, limits=Limits(60))
        search = Search(random_population(SPACE, 5, seed=0), Evolution(perturb, 3), ledger)
        run(search, lambda candidate: Measurement(candidate.id % 7 / 7 + 0.1, 1))
        return ledger

    counted = searched(Redrawing(SPACE, _perturbed))
    plain = searched(lambda parent, rng: SPACE.redraw(lambda: _perturbed(parent, rng)))
    assert [one.candidate for one in counted.told.values()] == [one.candidate for one in plain.told.values()]
    redraws = [one.measurement.details.get("redraws") for one in counted.told.values()]
    assert redraws[:5] == [None] * 5
    assert all(isinstance(number, int) for number in redraws[5:])
    assert sum(redraws[5:]) > sum(one.measurement.details["redraws"] for one in list(plain.told.values())[5:])


def test_codes_that_are_known_count_as_redraws() -> None:
    code = SPACE.sample(Random(0))
    other, third = code.replace(0, kernel=3, skip=0), code.replace(0, kernel=7, skip=1)
    drawn = iter([code, other, code, third])
    ledger = Ledger(2, lambda accuracy, size: accuracy, limits=Limits(1))
    first = random_population(SPACE, 2, seed=0, given=(code, other))
    search = Search(first, Evolution(lambda parent, rng: next(drawn), 2), ledger)
    run(search, lambda candidate: Measurement(0.5, 1))
    assert ledger.told[2].architecture == third
    assert ledger.told[2].measurement.details == {"redraws": 3}

"""Algorithm 1 with a fitness of one's own."""

import hashlib
import itertools
from contextlib import contextmanager
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.mutations import operators
from eatnas_tf.searches import (
    Candidate,
    Finished,
    Individual,
    Ledger,
    Limits,
    Measurement,
    Population,
    Quality,
    Score,
    Search,
    Task,
    random_population,
    run,
    run_with,
    top,
)
from eatnas_tf.space import (
    STANDARD,
    Architecture,
    Block,
    ExpansionLimit,
    LayerLimit,
    SearchSpace,
    differences,
)
from eatnas_tf.strategies import evolution as algorithm
from eatnas_tf.strategies.evolution import Evolution

PAPER = SearchSpace(constraints=(LayerLimit(16, 18), ExpansionLimit(8, 16)))
SMALL = SearchSpace(3)
TINY = SearchSpace(
    2,
    tuple(
        primitive.restricted(primitive.choices[: 1 + (primitive.name in ("skip", "depth"))])
        for primitive in STANDARD
    ),
)  # 16 codes
CODES_OF_TINY = [
    Architecture((one, other))
    for one, other in itertools.product(
        [
            Block.of(TINY.primitives, conv="sep", kernel=3, skip=skip, width=0.5, depth=depth)
            for skip in (0, 1)
            for depth in (1, 2)
        ],
        repeat=2,
    )
]
SEEDS = st.integers(0, 2**16)


def _measured(candidate: Candidate) -> Measurement:
    """A fitness without sense that never changes: of the code's hash."""
    digest = hashlib.sha256(str(candidate.architecture).encode()).digest()
    return Measurement(0.5 + int.from_bytes(digest[:4], "big") / 2**33, 1_000_000 + digest[4] * 10_000)


def _coarse(candidate: Candidate) -> Measurement:
    """A fitness with three values, so that most of a tournament are ties."""
    return Measurement(round(_measured(candidate).accuracy * 4) / 4, 3_000_000)


def _evolution(space=SMALL, population=6, seed=0, perturbation="every_block", sample=3, **limits) -> Search:
    perturb = partial(registry.get("perturbations", perturbation), space=space, mutations=operators(space))
    strategy = Evolution(
        lambda architecture, rng: space.redraw(lambda: perturb(architecture, rng=rng)), sample
    )
    limits = Limits(**{"cycles": 25, "patience": 1000, **limits})
    ledger = Ledger(population, Score(3e6), Quality(), limits)
    return Search(random_population(space, population, seed), strategy, ledger, seed)


def _trajectory(evolution: Search, evaluate=_measured) -> list[Individual]:
    individuals: list[Individual] = []
    run(evolution, evaluate, individuals.append)
    return individuals


class _AnyOrder:
    """A workforce whose tasks finish in the order that `choose` draws: a place among so many."""

    def __init__(self, capacity: int, choose, evaluate=_measured) -> None:
        self.capacity, self.under_way, self.submitted = capacity, [], []
        self._choose, self._evaluate = choose, evaluate

    def submit(self, task: Task) -> None:
        assert len(self.under_way) < self.capacity
        self.under_way.append(task.candidate)
        self.submitted.append(task)

    def next_finished(self) -> Finished:
        candidate = self.under_way.pop(self._choose(len(self.under_way)))
        return Finished(candidate, self._evaluate(candidate))


@contextmanager
def _recorded():
    """Every tournament that is held: (all that were drawn, best, worst)."""
    held = []

    def tournament(self, size, rng):
        drawn = []

        class Recording(Random):
            def sample(self, population, k):
                drawn.extend(rng.sample(population, k))
                return drawn

        ranking = original(self, size, Recording())
        held.append((tuple(drawn), ranking[0], ranking[-1]))
        return ranking

    original = Population.tournament
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Population, "tournament", tournament)
        yield held


@st.composite
def settings_of_a_search(draw):
    population = draw(st.integers(2, 8))
    return {
        "population": population,
        "sample": draw(st.integers(2, population)),
        "seed": draw(SEEDS),
        "perturbation": draw(st.sampled_from(["every_block", "one_block", "random"])),
        "cycles": draw(st.integers(0, 20)),
    }


@given(settings_of_a_search(), st.sampled_from([_measured, _coarse]))
def test_the_population_keeps_its_size_and_each_cycle_evaluates_one_new_code(given, evaluate) -> None:
    evolution, size = _evolution(**given), given["population"]
    sizes, seen = [], []
    run(
        evolution,
        evaluate,
        lambda individual: (sizes.append(len(evolution.ledger.population)), seen.append(individual)),
    )
    assert sizes == [*range(1, size + 1), *[size] * given["cycles"]]
    assert [individual.id for individual in seen] == list(range(size + given["cycles"]))
    assert [individual.cycle for individual in seen] == [*[0] * size, *range(1, given["cycles"] + 1)]
    assert len({individual.architecture for individual in seen}) == len(seen)
    assert all(individual.architecture in SMALL for individual in seen)
    assert evolution.ledger.finished == f"all {given['cycles']} cycles done"
    assert evolution.ask() is None


@given(settings_of_a_search(), st.sampled_from([_measured, _coarse]))
def test_the_samples_best_is_the_parent_and_its_worst_leaves(given, evaluate) -> None:
    evolution = _evolution(**given)
    with _recorded() as held:
        seen = _trajectory(evolution, evaluate)
    children = seen[given["population"] :]
    assert len(held) == len(children)  # in so large a space the first tournament gives a new code
    for child, (drawn, best, worst) in zip(children, held, strict=True):
        assert len({one.id for one in drawn}) == len(drawn) == given["sample"]
        assert (best.score, -best.id) == max((one.score, -one.id) for one in drawn)
        assert (worst.score, -worst.id) == min((one.score, -one.id) for one in drawn)
        assert (child.candidate.parent, child.replaced) == (best.id, worst.id)
        assert child.candidate.mutated == differences(best.architecture, child.architecture)


@given(settings_of_a_search())
def test_a_population_is_those_that_were_not_replaced(given) -> None:
    evolution = _evolution(**given)
    seen = _trajectory(evolution)
    replaced = {individual.replaced for individual in seen}
    leavers = [individual.replaced for individual in seen[given["population"] :]]
    assert len(set(leavers)) == len(leavers)
    assert [one.id for one in evolution.ledger.population.individuals] == [
        one.id for one in seen if one.id not in replaced
    ]


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=2, max_size=8), st.integers(2, 8), SEEDS)
def test_of_equals_the_older_wins_and_the_newer_leaves(scores, size, seed) -> None:
    code = Architecture.parse("sep_k3_s1_w1.0_d1")
    population = Population(
        tuple(
            Individual(Candidate(number, code), Measurement(score, 1), score, 0)
            for number, score in enumerate(scores)
        )
    )
    drawn = Random(seed).sample(population.individuals, min(size, len(scores)))
    best, *_, worst = population.tournament(size, Random(seed))
    assert best.id == min(one.id for one in drawn if one.score == max(one.score for one in drawn))
    assert worst.id == max(one.id for one in drawn if one.score == min(one.score for one in drawn))
    assert (
        top(population.individuals, size)
        == sorted(population.individuals, key=lambda o: (-o.score, o.id))[:size]
    )


@given(st.integers(1, 12), SEEDS)
def test_a_search_ends_when_its_quality_has_not_risen_for_so_many_cycles(patience, seed) -> None:
    evolution = _evolution(seed=seed, patience=patience, cycles=1000)
    seen = _trajectory(evolution, lambda candidate: Measurement(0.5, 3e6))
    assert evolution.ledger.finished == f"converged: quality has not risen for {patience} cycles"
    assert len(seen) == 6 + patience
    assert evolution.ledger.peak.cycle == 0


@given(st.floats(0, 0.05), st.integers(1, 6), SEEDS)
@settings(max_examples=50)
def test_a_gain_below_the_least_counts_for_the_peak_but_not_for_patience(min_delta, patience, seed) -> None:
    evolution = _evolution(seed=seed, patience=patience, cycles=60, min_delta=min_delta)
    qualities: list[float] = []

    def noted(individual: Individual) -> None:
        if individual.id >= 5:
            qualities.append(evolution.ledger.quality)

    run(evolution, _measured, noted)
    best, stalled, ends = float("-inf"), 0, None
    for cycle, quality in enumerate(qualities):
        stalled = 0 if quality > best + min_delta else stalled + 1
        best = max(best, quality)
        ends = cycle if ends is None and stalled >= patience else ends
    assert evolution.ledger.cycle == (60 if ends is None else ends)
    assert evolution.ledger.peak.quality == max(qualities)


@given(settings_of_a_search())
def test_the_peak_is_the_population_of_the_cycle_with_the_best_quality(given) -> None:
    evolution, populations = _evolution(**given), []
    peak = run(
        evolution,
        _measured,
        lambda individual: populations.append(
            (evolution.ledger.quality, evolution.ledger.cycle, evolution.ledger.population)
        ),
    )
    judged = populations[given["population"] - 1 :]
    best = max(judged, key=lambda each: (each[0], -each[1]))
    assert (peak.quality, peak.cycle, peak.population) == best
    assert peak.quality == Quality()(peak.population.scores)
    assert all(quality is None for quality, _, _ in populations[: given["population"] - 1])


@given(SEEDS, st.sampled_from([("one_block", [1]), ("one_block", [2]), ("every_block", [1, 2])]))
@settings(max_examples=10)
def test_a_search_ends_when_every_child_of_the_samples_best_was_evaluated(seed, perturbation) -> None:
    name, blocks = perturbation
    evolution = _evolution(TINY, population=4, sample=4, seed=seed, cycles=1000, perturbation=name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithm, "TOURNAMENTS", 20)
        seen = {individual.architecture for individual in _trajectory(evolution)}
    assert evolution.ledger.finished == "no architecture that was not evaluated is left within reach"
    assert len(seen) == evolution.ledger.evaluations <= TINY.size
    (best,) = top(evolution.ledger.population.individuals, 1)
    assert {
        code
        for code in CODES_OF_TINY
        if [change.block for change in differences(best.architecture, code)] == blocks
    } <= seen


@given(settings_of_a_search(), st.data())
def test_a_search_restored_at_any_point_goes_on_as_if_never_stopped(given, data) -> None:
    whole = _trajectory(first := _evolution(**given))
    told = data.draw(st.integers(0, len(whole)))
    second = _evolution(**given)
    for individual in whole[:told]:
        second.restore(individual)
    assert whole[:told] + _trajectory_from(second) == whole
    assert (second.ledger.peak, second.ledger.best, second.ledger.quality) == (
        first.ledger.peak,
        first.ledger.best,
        first.ledger.quality,
    )
    assert second.ledger.finished == first.ledger.finished


def _trajectory_from(evolution: Search) -> list[Individual]:
    """`_trajectory` of a search that may be over already."""
    return [] if evolution.ledger.finished else _trajectory(evolution)


@given(settings_of_a_search(), st.integers(2, 5), st.data())
def test_several_candidates_out_at_once_keep_the_population_and_are_not_lost(given, workers, data) -> None:
    evolution, out, asked = _evolution(**given), [], []
    while True:
        while len(out) < workers and (candidate := evolution.ask()) is not None:
            out.append(candidate)
            asked.append(candidate)
        if not out:
            break
        assert {one.parent for one in out} - {None} <= evolution.ledger.alive_or_needed()
        done = out.pop(data.draw(st.integers(0, len(out) - 1)))
        before = evolution.ledger.population
        individual = evolution.tell(done.id, _measured(done))
        if len(evolution.ledger.told) > given["population"]:
            assert len(evolution.ledger.population) == given["population"]
            assert individual.replaced in {one.id for one in before.individuals}
    assert sorted(candidate.id for candidate in asked) == list(range(given["population"] + given["cycles"]))
    assert {number: individual.candidate for number, individual in evolution.ledger.told.items()} == {
        candidate.id: candidate for candidate in asked
    }
    assert len({candidate.architecture for candidate in asked}) == len(asked)
    assert evolution.ledger.finished


@given(settings_of_a_search(), st.integers(2, 5), st.data())
def test_a_search_stopped_with_candidates_out_evaluates_as_many_in_the_end(given, workers, data) -> None:
    first, out = _evolution(**given), []
    for _ in range(data.draw(st.integers(0, given["population"] + given["cycles"]))):
        while len(out) < workers and (candidate := first.ask()) is not None:
            out.append(candidate)
        if out:
            done = out.pop(data.draw(st.integers(0, len(out) - 1)))
            first.tell(done.id, _measured(done))
    second = _evolution(**given)
    for individual in first.ledger.told.values():
        second.restore(individual)
    assert (second.ledger.population, second.ledger.quality, second.ledger.peak) == (
        first.ledger.population,
        first.ledger.quality,
        first.ledger.peak,
    )
    _trajectory_from(second)
    assert sorted(second.ledger.told) == list(range(given["population"] + given["cycles"]))
    assert len({individual.architecture for individual in second.ledger.told.values()}) == len(
        second.ledger.told
    )
    assert len(second.ledger.population) == given["population"]


@given(settings_of_a_search(), st.integers(1, 6), st.data())
def test_in_any_order_of_finishing_nothing_is_lost_or_doubled_and_no_place_is_free(
    given, capacity, data
) -> None:
    evolution, told = _evolution(**given), []

    def choose(places: int) -> int:
        assert places == capacity or evolution.ask() is None
        assert {task.parent for task in workforce.under_way} - {None} <= evolution.ledger.alive_or_needed()
        return data.draw(st.integers(0, places - 1))

    workforce = _AnyOrder(capacity, choose)
    run_with(evolution, workforce, told.append)
    assert not workforce.under_way
    assert not evolution.ledger.pending
    assert [task.candidate.id for task in workforce.submitted] == list(
        range(given["population"] + given["cycles"])
    )
    assert sorted(one.id for one in told) == list(range(given["population"] + given["cycles"]))
    for task in workforce.submitted:
        parent = task.candidate.parent
        assert task.parent == (None if parent is None else evolution.ledger.told[parent].architecture)
    again = _evolution(**given)
    for individual in told:
        again.restore(individual)
    assert (again.ledger.population, again.ledger.best, again.ledger.peak) == (
        evolution.ledger.population,
        evolution.ledger.best,
        evolution.ledger.peak,
    )
    assert again.ledger.finished == evolution.ledger.finished


@given(settings_of_a_search())
def test_a_workforce_of_one_searches_as_without_one(given) -> None:
    told = []
    run_with(_evolution(**given), _AnyOrder(1, lambda places: 0), told.append)
    assert told == _trajectory(_evolution(**given))


class _ComingAndGoing(_AnyOrder):
    """A workforce whose capacity goes through `capacities` and stays at the last one.

    A turn changes the capacity or finishes a task, as `changes` draws. If places vanish, their tasks stay
    under way and may finish in any order.
    """

    def __init__(self, capacities, changes, choose, evaluate=_measured) -> None:
        super().__init__(capacities[0], choose, evaluate)
        self._capacities, self._changes = list(capacities[1:]), changes
        self.seen = {self.capacity}

    def next_finished(self) -> Finished | None:
        assert self.under_way or not self.capacity
        idle = not (self.under_way and self.capacity)
        if self._capacities and (idle or self._changes()):
            self.capacity = self._capacities.pop(0)
            self.seen.add(self.capacity)
            return None
        assert not idle, "waits for ever"
        return super().next_finished()


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_a_search_fills_the_places_that_there_are_at_every_turn(every) -> None:
    evolution, turns = _evolution(cycles=30), itertools.count(1)

    def choose(places: int) -> int:
        assert places >= workforce.capacity or evolution.ask() is None
        return 0

    workforce = _ComingAndGoing((1, 4, 2, 0, 3), lambda: next(turns) % every == 0, choose)
    run_with(evolution, workforce)
    assert workforce.seen == {0, 1, 2, 3, 4}
    assert sorted(evolution.ledger.told) == list(range(36))


@given(settings_of_a_search(), st.lists(st.integers(0, 5), max_size=20), st.integers(1, 4), st.data())
def test_whatever_places_come_and_go_nothing_is_lost_or_doubled(given, capacities, last, data) -> None:
    evolution, told = _evolution(**given), []
    workforce = _ComingAndGoing(
        [*capacities, last],
        lambda: data.draw(st.booleans()),
        lambda places: data.draw(st.integers(0, places - 1)),
    )
    run_with(evolution, workforce, told.append)
    everyone = list(range(given["population"] + given["cycles"]))
    assert not workforce.under_way
    assert not evolution.ledger.pending
    assert [task.candidate.id for task in workforce.submitted] == everyone
    assert sorted(one.id for one in told) == everyone
    assert len({one.architecture for one in told}) == len(everyone)
    again = _evolution(**given)
    for individual in told:
        again.restore(individual)
    assert again.ledger.population == evolution.ledger.population


def test_a_search_that_is_over_waits_for_no_place() -> None:
    evolution = _evolution(cycles=3)
    workforce = _AnyOrder(2, lambda places: 0)

    def leave_at_the_end(individual: Individual) -> None:
        if not evolution.ledger.pending and evolution.ledger.finished:
            workforce.capacity = 0

    run_with(evolution, workforce, leave_at_the_end)
    assert workforce.capacity == 0
    assert evolution.ledger.evaluations == 9


@given(SEEDS, st.integers(2, 4), st.data())
@settings(max_examples=10)
def test_a_search_is_exhausted_only_when_nothing_that_was_out_gives_new_children(
    seed, capacity, data
) -> None:
    evolution = _evolution(TINY, population=4, sample=4, seed=seed, cycles=1000, perturbation="one_block")
    workforce = _AnyOrder(capacity, lambda places: data.draw(st.integers(0, places - 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithm, "TOURNAMENTS", 20)
        run_with(evolution, workforce)
        assert evolution.ask() is None
    assert evolution.ledger.finished == "no architecture that was not evaluated is left within reach"
    (best,) = top(evolution.ledger.population.individuals, 1)
    seen = {individual.architecture for individual in evolution.ledger.told.values()}
    assert all(code in seen for code in CODES_OF_TINY if len(differences(best.architecture, code)) == 1)


def test_a_candidate_that_was_out_when_a_search_converged_counts_and_may_let_it_go_on() -> None:
    def evaluate(candidate: Candidate) -> Measurement:
        return Measurement(0.9 if candidate.id == late else 0.01, 3e6)

    ends = {}
    for late in (None, 4):  # the newest finishes first, so that of 4, 5 and 6 the 4 is out to the end
        evolution = _evolution(population=4, patience=3, cycles=50)
        run_with(evolution, _AnyOrder(3, lambda places: places - 1, evaluate))
        assert evolution.ledger.finished == "converged: quality has not risen for 5 cycles"
        assert sorted(evolution.ledger.told) == list(range(len(evolution.ledger.told)))
        assert evolution.ledger.told[4].cycle == 5
        ends[late] = evolution.ledger.cycle
    assert ends == {None: 5, 4: 10}


@given(settings_of_a_search())
def test_weights_are_kept_of_the_living_and_the_best(given) -> None:
    evolution = _evolution(**given)
    seen = _trajectory(evolution)
    kept = evolution.ledger.alive_or_needed()
    assert {one.id for one in evolution.ledger.population.individuals} <= kept
    assert top(seen, 1)[0].id in kept
    assert top(evolution.ledger.peak.population.individuals, 1)[0].id in kept


def test_a_diverged_candidate_is_the_first_to_leave() -> None:
    def evaluate(candidate: Candidate) -> Measurement:
        return Measurement(float("nan"), 1e6) if candidate.id == 2 else _measured(candidate)

    seen = _trajectory(_evolution(population=4, sample=4, cycles=1), evaluate)
    assert (seen[2].score, seen[-1].replaced) == (0.0, 2)


GOLDEN = (  # the first three children
    "sep_k3_s0_w1.0_d1-mb3_k3_s1_w2.0_d1-mb3_k3_s0_w2.0_d2-mb6_k5_s1_w2.0_d4-"
    "mb3_k7_s1_w2.0_d4-mb3_k7_s0_w2.0_d1-sep_k5_s1_w0.5_d4",
    "mb6_k5_s1_w1.5_d1-mb6_k3_s0_w1.5_d4-mb6_k7_s1_w2.0_d2-mb3_k7_s1_w1.5_d1-"
    "mb3_k5_s1_w1.5_d4-mb3_k7_s1_w1.5_d4-sep_k3_s1_w1.0_d2",
    "sep_k3_s1_w1.0_d1-mb3_k7_s1_w2.0_d1-mb3_k3_s1_w2.0_d2-mb6_k5_s1_w2.0_d3-"
    "mb3_k7_s1_w2.0_d2-mb3_k7_s0_w2.0_d4-mb6_k5_s1_w0.5_d4",
)
GOLDEN_DIGEST = "957363979e559cbaf2bc1a243ad6064d707ad6a329d954d980d8ec529712ac7c"


def test_the_trajectory_of_seed_0_is_what_it_was() -> None:
    seen = _trajectory(_evolution(PAPER, population=16, sample=4, cycles=40))
    assert tuple(str(child.architecture) for child in seen[16:19]) == GOLDEN
    lines = "".join(
        f"{one.id} {one.candidate.parent} {one.replaced} {one.architecture} {one.score:.9f}\n" for one in seen
    )
    assert hashlib.sha256(lines.encode()).hexdigest() == GOLDEN_DIGEST

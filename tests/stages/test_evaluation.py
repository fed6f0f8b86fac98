"""The evaluator of a search's candidates, with an engine that trains nothing."""

from functools import partial
from random import Random

import numpy as np
import pytest

from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.network.initial import initial_weights
from eatnas_tf.searches import Alone, Ledger, Limits, Proposal, Score, Search, random_population, run_with
from eatnas_tf.space import SearchSpace
from eatnas_tf.stages.evaluation import Evaluator
from eatnas_tf.training.evaluation import Evaluation

SPACE = SearchSpace(2)
FRAME = Frame(num_classes=2, image_size=8, channels=1, strides=(1, 2), head_filters=16)


class Untrained:
    """An engine and a trainee of it: a training adds 1 to all weights."""

    def __init__(self, network=None, seed=()) -> None:
        if network is not None:
            self._weights = initial_weights(network, np.random.default_rng(seed))

    def load(self, network, seed) -> "Untrained":
        return Untrained(network, seed)

    def weights(self):
        return self._weights

    def assign(self, weights) -> None:
        self._weights = dict(weights)

    def train(self, seed, on_share) -> bool:
        self._weights = {name: value + 1 for name, value in self._weights.items()}
        return seed % 5 > 0  # one of five diverges

    def evaluate(self, examples, on_share) -> Evaluation:
        accuracy = Random(sum(map(np.sum, self._weights.values())).item()).random()
        return Evaluation(1.0, accuracy, 1.0, 10, means={"top1": accuracy})

    def close(self) -> None:
        pass


class Children:
    """Proposes children of whatever has weights."""

    def __init__(self, store) -> None:
        self._store = store

    def ask(self, ledger, rng) -> Proposal:
        parents = [number for number in sorted(ledger.population.ids) if self._store.has(number)]
        return Proposal(SPACE.sample(rng), rng.choice(parents))

    def tell(self, ledger, individual) -> None:
        pass


@pytest.fixture
def evaluator(memory) -> Evaluator:
    return Evaluator(
        partial(expand, frame=FRAME), Untrained(), None, lambda net: count(net).params, "flexible", 0, memory
    )


def test_a_search_keeps_its_weights_in_any_store(evaluator, memory) -> None:
    ledger = Ledger(6, Score(1e4), limits=Limits(cycles=14))
    search = Search(random_population(SPACE, 6, 0), Children(memory), ledger)
    diverged = set()

    def taken(individual) -> None:
        details = individual.measurement.details
        if details["loss"] is None:
            diverged.add(individual.id)
        if individual.candidate.parent is not None:
            assert sum(details["inherited"].values()) > 0
        memory.keep(ledger.alive_or_needed())
        assert memory.kept.keys() == ledger.alive_or_needed() - diverged

    run_with(search, Alone(evaluator), taken)
    assert ledger.evaluations == 20
    assert 0 < len(diverged) < 20

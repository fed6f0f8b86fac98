"""A search over a made-up evaluation: the paper's space, no training."""

from collections.abc import Callable
from functools import partial

import pytest

from eatnas_tf import registry
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.mutations import operators
from eatnas_tf.searches import Ledger, Limits, Measurement, Score, Search, random_population, run
from eatnas_tf.space import SearchSpace
from eatnas_tf.strategies.evolution import Evolution

FRAME = Frame(32, 3, 10, 32, 1, (1, 1, 2, 1, 2, 1, 1), 128)


def measured(candidate) -> Measurement:
    """An accuracy that likes width, kernels of 5 and skips, of a size that is counted; every 97th fails."""
    blocks = candidate.architecture
    liked = sum(float(b["width"]) / 2 + (b["kernel"] == 5) + int(b["skip"]) for b in blocks) / (
        3 * len(blocks)
    )
    size, noise = count(expand(blocks, FRAME)).params, (candidate.id * 2654435761 % 1000) / 1e5
    if candidate.id % 97 == 96:
        return Measurement(0.0, size, 1.0, {"loss": None, "failed": "worker died twice (SIGKILL)"})
    return Measurement(0.55 + 0.4 * liked + noise, size, 2.0, {"loss": 1 - liked, "inherited": None})


def search(population: int, cycles: int, perturbation: str = "every_block", seed: int = 0) -> Ledger:
    space = SearchSpace(blocks=7)
    change, mutations = registry.get("perturbations", perturbation), operators(space)
    strategy = Evolution(
        lambda architecture, rng: space.redraw(partial(change, architecture, space, mutations, rng)),
        max(2, population // 4),
    )
    ledger = Ledger(population, Score(3e6), limits=Limits(cycles=cycles, patience=10**6))
    run(Search(random_population(space, population, seed), strategy, ledger, seed), measured)
    return ledger


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Ledger]:
    """A finished search with a population of so many, after so many cycles."""
    return search


@pytest.fixture
def frame() -> Frame:
    return FRAME

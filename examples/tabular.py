"""Searches a table of trained networks: an evolution over a space of one's own, without TensorFlow.

The table is NAS-Bench-Macro (Su et al., CVPR 2021): all 3^8 networks of eight layers on CIFAR-10, each
trained three times. The search sees one of the three trainings, drawn once a run; its regret is that of the
mean of all three.

    python examples/tabular.py --table=nasbench_macro_cifar10.npz
"""

import statistics
import time
from functools import partial
from random import Random

import numpy as np
from absl import app
from absl import flags as absl_flags

from eatnas_tf import registry
from eatnas_tf.mutations import operators
from eatnas_tf.searches import Candidate, Ledger, Limits, Measurement, Problem, Search, random_population, run
from eatnas_tf.space import Primitive, SearchSpace

TABLE = absl_flags.DEFINE_string("table", None, "nasbench_macro_cifar10.npz.", required=True)
SEEDS = absl_flags.DEFINE_integer("seeds", 20, "Independent searches.", lower_bound=1)
PERTURBATION = absl_flags.DEFINE_string(
    "perturbation",
    "one_block",
    "How a child is made: one_block, or the paper's "
    "every_block, which with a single primitive keeps no layer as it was.",
)
STRATEGY = absl_flags.DEFINE_string("strategy", "evolution", "evolution, local_search, random or a plugin's.")
MARKS = (50, 100, 200)
FIRST = 30  # members of the population

SPACE = SearchSpace(blocks=8, primitives=(Primitive("layer", "", ("identity", "mb3k3", "mb6k5")),))
CODES = {value: code for code, value in enumerate(SPACE.primitives[0].choices)}


def search(accuracies: np.ndarray, means: np.ndarray, seed: int) -> tuple[list[float], float]:
    """Regret in percent after each mark, and the search's own milliseconds an evaluation.

    `accuracies` and `means` are indexed by the codes of the eight layers, `accuracies` by training too.
    """
    training = Random(seed).randrange(accuracies.shape[-1])
    seen: list[tuple[float, float]] = []
    spent = 0.0

    def evaluate(candidate: Candidate) -> Measurement:
        nonlocal spent
        start = time.perf_counter()
        place = tuple(CODES[block["layer"]] for block in candidate.architecture)
        accuracy = float(accuracies[(*place, training)]) / 100
        seen.append((accuracy, float(means[place])))
        spent += time.perf_counter() - start
        return Measurement(accuracy, size=1.0)

    start = time.perf_counter()
    perturb = partial(
        registry.get("perturbations", PERTURBATION.value), space=SPACE, mutations=operators(SPACE)
    )
    problem = Problem(
        SPACE, lambda architecture, rng: SPACE.redraw(lambda: perturb(architecture, rng=rng)), sample=5
    )
    limits = Limits(cycles=max(MARKS) - FIRST, patience=max(MARKS))
    ledger = Ledger(FIRST, lambda accuracy, size: accuracy, limits=limits)
    strategy = registry.get("strategies", STRATEGY.value)(problem)
    run(Search(random_population(SPACE, FIRST, seed), strategy, ledger, seed), evaluate)
    overhead = (time.perf_counter() - start - spent) / len(seen)
    return [means.max() - max(seen[:mark])[1] for mark in MARKS], 1000 * overhead


def main(_: list[str]) -> None:
    with np.load(TABLE.value) as table:
        accuracies = np.zeros((3,) * 8 + (3,))
        accuracies[tuple(table["arch"].T)] = table["test_acc"]
    runs = [search(accuracies, accuracies.mean(-1), seed) for seed in range(SEEDS.value)]
    for mark, regrets in zip(MARKS, zip(*(regret for regret, _ in runs), strict=True), strict=True):
        print(
            f"after {mark:3d} evaluations: regret {statistics.mean(regrets):.3f} +- "
            f"{statistics.pstdev(regrets):.3f} %  (median {statistics.median(regrets):.3f})"
        )
    print(f"the search itself: {statistics.median(cost for _, cost in runs):.3f} ms an evaluation")


if __name__ == "__main__":
    app.run(main)

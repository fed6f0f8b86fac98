"""A population in numbers: what its curves show."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from eatnas_tf.layers.counting import Count
from eatnas_tf.reporting.diversity import entropies
from eatnas_tf.searches import Individual, Ledger
from eatnas_tf.searches.scoring import deviation
from eatnas_tf.space import Primitive


def scalars(
    individuals: Sequence[Individual],
    quality: float,
    objective: str,
    primitives: Sequence[Primitive],
    counted: Sequence[Count],
) -> dict[str, float]:
    """A whole population by TensorBoard tag, its networks `counted`; entropy in bits, the blocks' mean."""
    scores, codes = [one.score for one in individuals], [one.architecture for one in individuals]
    mean = fmean(scores)
    return {
        "population/quality": quality,
        "population/score_mean": mean,
        "population/score_best": max(scores),
        "population/score_worst": min(scores),
        "population/score_std": deviation(scores, mean),
        "population/accuracy_mean": fmean(one.measurement.accuracy for one in individuals),
        f"population/size_{objective}_mean": fmean(one.measurement.size for one in individuals),
        **_means(counted),
        "population/distinct_codes": len(set(codes)),
        **{f"population/entropy_{name}": bits for name, bits in entropies(codes, primitives).items()},
    }


def _means(counted: Sequence[Count]) -> dict[str, float]:
    """Nothing where parts fail for every architecture."""
    if not counted:
        return {}
    return {
        "population/params_mean": fmean(one.params for one in counted),
        "population/mult_adds_mean": fmean(one.mult_adds for one in counted),
    }


def status(ledger: Ledger) -> str:
    """Cycle, the best score of all candidates so far, and the quality of the population, for a bar.

    The ranking at the end is of another set: the population of the best quality.
    """
    best = "-" if ledger.best is None else f"{ledger.best.score:.4f}"
    quality = "-" if ledger.quality is None else f"{ledger.quality:.4f}"
    cycles = f"cycle {ledger.cycle} of {ledger.limits.cycles}"
    return f"{cycles}, best score ever {best}, population quality {quality}"

"""A population in numbers: what its curves show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from eatnas_tf.evolution import Evolution, Individual
from eatnas_tf.evolution.scoring import deviation
from eatnas_tf.layers.counting import Count
from eatnas_tf.reporting.diversity import entropy
from eatnas_tf.space import Architecture, Primitive


def scalars(
    individuals: Sequence[Individual],
    quality: float,
    primitives: Sequence[Primitive],
    count: Callable[[Architecture], Count],
) -> dict[str, float]:
    """A whole population by TensorBoard tag; `entropy` in bits, the mean over the blocks."""
    scores, codes = [one.score for one in individuals], [one.architecture for one in individuals]
    mean, counted = fmean(scores), [count(code) for code in codes]
    return {
        "population/quality": quality,
        "population/score_mean": mean,
        "population/score_best": max(scores),
        "population/score_worst": min(scores),
        "population/score_std": deviation(scores, mean),
        "population/accuracy_mean": fmean(one.measurement.accuracy for one in individuals),
        "population/size_mean": fmean(one.measurement.size for one in individuals),
        "population/params_mean": fmean(one.params for one in counted),
        "population/mult_adds_mean": fmean(one.mult_adds for one in counted),
        "population/distinct_codes": len(set(codes)),
        **{f"population/entropy_{one.name}": entropy(codes, one) for one in primitives},
    }


def status(evolution: Evolution) -> str:
    """Cycle, best score and population quality, for a bar."""
    best = "-" if evolution.best is None else f"{evolution.best.score:.4f}"
    quality = "-" if evolution.quality is None else f"{evolution.quality:.4f}"
    return f"cycle {evolution.cycle} of {evolution.cycles}, best score {best}, quality {quality}"

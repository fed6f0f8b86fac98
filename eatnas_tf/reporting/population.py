"""A population in numbers: what its curves show."""

from __future__ import annotations

import statistics

from eatnas_tf.evolution import Evolution
from eatnas_tf.evolution.scoring import deviation


def scalars(evolution: Evolution) -> dict[str, float]:
    """Where a search stands, by TensorBoard tag; nothing before its first population is whole."""
    if evolution.quality is None or evolution.best is None:
        return {}
    individuals, scores = evolution.population.individuals, evolution.population.scores
    mean = statistics.fmean(scores)
    return {
        "population/quality": evolution.quality,
        "population/score_mean": mean,
        "population/score_std": deviation(scores, mean),
        "population/accuracy_mean": statistics.fmean(one.measurement.accuracy for one in individuals),
        "population/size_mean": statistics.fmean(one.measurement.size for one in individuals),
        "search/best_score": evolution.best.score,
    }


def status(evolution: Evolution) -> str:
    """Cycle, best score and population quality, for a bar."""
    best = "-" if evolution.best is None else f"{evolution.best.score:.4f}"
    quality = "-" if evolution.quality is None else f"{evolution.quality:.4f}"
    return f"cycle {evolution.cycle} of {evolution.cycles}, best score {best}, quality {quality}"

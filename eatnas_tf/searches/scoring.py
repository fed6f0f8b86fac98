"""Scores of architectures and the quality of a population (arXiv 1901.05884, sections 2.2 and 3.4)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

STD_FLOOR = 0.1


@dataclass(frozen=True)
class Score:
    """`accuracy * (size / target) ** omega`: accuracy as a fraction, size and target in the same raw unit."""

    target: float
    omega: float = -0.07

    def __call__(self, accuracy: float, size: float) -> float:
        """The score; 0 for an accuracy that is not a number (a diverged training)."""
        if math.isnan(accuracy) or accuracy <= 0:
            return 0.0
        return accuracy * (size / self.target) ** self.omega


@dataclass(frozen=True)
class Quality:
    """Equations 3 and 4: `mean * (std / target_std) ** w`, w = alpha below the target deviation, else beta.

    The population standard deviation is floored at a tenth of the target, so that a collapsed population does
    not win by being one point.
    """

    target_std: float = 0.02
    alpha: float = -0.07
    beta: float = -0.07

    def __call__(self, scores: Sequence[float]) -> float:
        mean = statistics.fmean(scores)
        std = deviation(scores, mean)
        exponent = self.alpha if std < self.target_std else self.beta
        return mean * (max(std / self.target_std, STD_FLOOR)) ** exponent


def deviation(values: Sequence[float], mean: float) -> float:
    """Population standard deviation about a mean that is known already."""
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))

"""Learning rates by step, as Keras schedules (arXiv 1901.05884, section 4 and appendix A)."""

from __future__ import annotations

from typing import Any

import keras

FIRST_PERIOD = 10


def schedule(kind: str, rate: float, final_rate: float, epochs: int, steps_per_epoch: int) -> Any:
    """`rate` from the first step on, led to `final_rate` over `epochs` as `kind` says.

    `cosine_restarts` has periods of 10, 20, 40 … epochs (six of them are the paper's 630); `polynomial` has
    power 1.
    """
    steps = max(1, epochs * steps_per_epoch)
    share = final_rate / rate if rate else 0.0
    schedules = keras.optimizers.schedules
    if kind == "cosine":
        return schedules.CosineDecay(rate, steps, alpha=share)
    if kind == "cosine_restarts":
        return schedules.CosineDecayRestarts(
            rate, FIRST_PERIOD * steps_per_epoch, t_mul=2.0, m_mul=1.0, alpha=share
        )
    if kind == "polynomial":
        return schedules.PolynomialDecay(rate, steps, final_rate, power=1.0)
    return rate

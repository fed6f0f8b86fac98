"""Objectives: what `size` in the score is (section 2.2), any function of a network to a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from eatnas_tf.layers.counting import count
from eatnas_tf.layers.structure import Network

Objective = TypeVar("Objective", bound=Callable[[Network], float])


def params(network: Network) -> int:
    """Trainable parameters."""
    return count(network).params


def mult_adds(network: Network) -> int:
    """Multiply-accumulates of one image."""
    return count(network).mult_adds


def measured(objective: Objective) -> Objective:
    """Declares that `objective` measures something, such as latency, which varies from call to call.

    It is called once a candidate, where that was trained; the journal keeps the number.
    """
    objective.measured = True  # type: ignore[attr-defined]
    return objective


def is_measured(objective: Any) -> bool:
    return bool(getattr(objective, "measured", False))

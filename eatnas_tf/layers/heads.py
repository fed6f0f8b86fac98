"""Heads: what makes a network's output of its last features."""

from __future__ import annotations

from collections.abc import Callable

from eatnas_tf.layers.frame import Frame
from eatnas_tf.layers.specs import Dense, Dropout, GlobalAveragePool, Spec

Head = Callable[[str, int, Frame, float], list[Spec]]
"""(beginning of the specs' names, channels of the features, frame, dropout) -> specs."""


def class_logits(name: str, channels: int, frame: Frame, dropout: float = 0.0) -> list[Spec]:
    """A logit for every class of the frame."""
    return [
        GlobalAveragePool(f"{name}_pool"),
        *([Dropout(f"{name}_dropout", dropout)] if dropout else []),
        Dense(f"{name}_dense", channels, frame.num_classes),
    ]

"""Objectives: what `size` in the score is (section 2.2), any function of a network to a number."""

from __future__ import annotations

from eatnas_tf.layers.counting import count
from eatnas_tf.layers.structure import Network


def params(network: Network) -> int:
    """Trainable parameters."""
    return count(network).params


def mult_adds(network: Network) -> int:
    """Multiply-accumulates of one image."""
    return count(network).mult_adds

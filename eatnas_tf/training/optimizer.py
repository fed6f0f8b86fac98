"""The optimizer of a Keras model's training."""

from __future__ import annotations

from typing import Any

import keras


class Sgd(keras.optimizers.SGD):
    """SGD on gradients that are summed over the replicas already; Keras's own would sum them once more.

    Its `all_reduce` registers a gradient for good, and so keeps the graph of every training: 25 MB each.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


def sgd(rate: Any, momentum: float, precision: str) -> keras.optimizers.Optimizer:
    """SGD at a constant or scheduled rate; where gradients are float16, behind a scale of the loss."""
    optimizer = Sgd(rate, momentum=momentum)
    return keras.optimizers.LossScaleOptimizer(optimizer) if precision == "mixed_float16" else optimizer

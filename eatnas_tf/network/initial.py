"""Initial weights from specs, in NumPy: the same for every engine that trains a network."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eatnas_tf.layers import Network

Weights = Mapping[str, np.ndarray]


def initial_weights(network: Network, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Fresh weights by variable name (`block3_layer2_depthwise/kernel`), the auxiliary tower's last.

    Kernels are He-normal, N(0, 2 / fan-in), the fan-in of a depthwise kernel being its own k * k; biases and
    beta are 0, gamma 1. Variables of `KerasLayer` specs are not among them: their layers initialise
    themselves.
    """
    weights = {}
    for spec in (*network.named_specs(), *network.auxiliary):
        for variable in spec.variables():
            name = f"{spec.name}/{variable.name}"
            if variable.fan_in is None:
                weights[name] = np.full(variable.shape, variable.value, np.float32)
            else:
                deviation = np.float32(math.sqrt(2 / variable.fan_in))
                weights[name] = rng.standard_normal(variable.shape, np.float32) * deviation
    return weights

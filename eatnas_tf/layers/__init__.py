"""What a block is made of: layer specs, convolution operations, and the network a code stands for."""

from eatnas_tf.layers.counting import Count, count, describe
from eatnas_tf.layers.expand import Frame, Layer, Network, expand
from eatnas_tf.layers.objectives import is_measured, measured
from eatnas_tf.layers.specs import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Gate,
    GlobalAveragePool,
    KerasLayer,
    Spec,
    Variable,
)

__all__ = [
    "Activation",
    "BatchNorm",
    "Conv",
    "Count",
    "Dense",
    "Depthwise",
    "Dropout",
    "Frame",
    "Gate",
    "GlobalAveragePool",
    "KerasLayer",
    "Layer",
    "Network",
    "Spec",
    "Variable",
    "count",
    "describe",
    "expand",
    "is_measured",
    "measured",
]

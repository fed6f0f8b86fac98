"""What a block is made of: layer specs, convolution operations, and the network a code stands for."""

from eatnas_tf.layers.counting import Count, count, describe
from eatnas_tf.layers.expand import expand
from eatnas_tf.layers.frame import Frame
from eatnas_tf.layers.heads import class_logits
from eatnas_tf.layers.objectives import is_measured, measured
from eatnas_tf.layers.specs import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSplit,
    Concatenate,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Gate,
    GlobalAveragePool,
    KerasLayer,
    MaxPool,
    Spec,
    Subsample,
    Variable,
    ZeroPad,
)
from eatnas_tf.layers.structure import Layer, Network

__all__ = [
    "Activation",
    "Add",
    "AveragePool",
    "BatchNorm",
    "ChannelShuffle",
    "ChannelSplit",
    "Concatenate",
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
    "MaxPool",
    "Network",
    "Spec",
    "Subsample",
    "Variable",
    "ZeroPad",
    "class_logits",
    "count",
    "describe",
    "expand",
    "is_measured",
    "measured",
]

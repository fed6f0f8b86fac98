"""Layer specs: frozen descriptions of what a network is made of, and the graphs that lists of them are."""

from eatnas_tf.layers.specs.base import Shape, Sides, Size, Spec, Variable, pair
from eatnas_tf.layers.specs.branches import Add, Concatenate, Gate
from eatnas_tf.layers.specs.channels import Activation, BatchNorm, ChannelShuffle, ChannelSplit, Dropout
from eatnas_tf.layers.specs.foreign import KerasLayer
from eatnas_tf.layers.specs.graph import (
    INPUT,
    Step,
    input_names,
    is_chain,
    refuse_strangers,
    refuse_twins,
    walk,
    wired,
)
from eatnas_tf.layers.specs.pixels import AveragePool, GlobalAveragePool, MaxPool, Subsample, ZeroPad
from eatnas_tf.layers.specs.products import Conv, Dense, Depthwise

__all__ = [
    "INPUT",
    "Activation",
    "Add",
    "AveragePool",
    "BatchNorm",
    "ChannelShuffle",
    "ChannelSplit",
    "Concatenate",
    "Conv",
    "Dense",
    "Depthwise",
    "Dropout",
    "Gate",
    "GlobalAveragePool",
    "KerasLayer",
    "MaxPool",
    "Shape",
    "Sides",
    "Size",
    "Spec",
    "Step",
    "Subsample",
    "Variable",
    "ZeroPad",
    "input_names",
    "is_chain",
    "pair",
    "refuse_strangers",
    "refuse_twins",
    "walk",
    "wired",
]

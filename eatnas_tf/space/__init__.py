"""What a network may be: architectures, their primitives and the space they are searched in."""

from eatnas_tf.space.architecture import Architecture, Block, Change, differences
from eatnas_tf.space.primitives import STANDARD, Primitive, Value, natural, positive_float, positive_int, word
from eatnas_tf.space.search_space import Constraint, ExpansionLimit, LayerLimit, SearchSpace

__all__ = [
    "STANDARD",
    "Architecture",
    "Block",
    "Change",
    "Constraint",
    "ExpansionLimit",
    "LayerLimit",
    "Primitive",
    "SearchSpace",
    "Value",
    "differences",
    "natural",
    "positive_float",
    "positive_int",
    "word",
]

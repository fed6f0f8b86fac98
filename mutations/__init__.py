"""The operators: mutations edit one block, perturbations make a child (arXiv 1901.05884, section 3.5)."""

from eatnas_tf.mutations.operators import Mutation, Mutations, Perturbation, operators
from eatnas_tf.mutations.primitive import redraw

__all__ = ["Mutation", "Mutations", "Perturbation", "operators", "redraw"]

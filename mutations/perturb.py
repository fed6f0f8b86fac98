"""Perturbations: how a child is made from its parent (Algorithm 4)."""

from __future__ import annotations

from random import Random

from eatnas_tf.mutations.operators import Mutation, Mutations
from eatnas_tf.space import Architecture, SearchSpace


def every_block(
    architecture: Architecture, space: SearchSpace, mutations: Mutations, rng: Random
) -> Architecture:
    """One mutation, uniformly drawn, in every block: the paper's function, homogeneous and slight."""
    operators = list(mutations.values())
    for block in range(len(architecture)):
        architecture = _mutated(architecture, block, space, operators, rng)
    return architecture


def one_block(
    architecture: Architecture, space: SearchSpace, mutations: Mutations, rng: Random
) -> Architecture:
    """One mutation in one block, both uniformly drawn: the smallest step, as in regularised evolution."""
    block = rng.randrange(len(architecture))
    return _mutated(architecture, block, space, list(mutations.values()), rng)


def random(architecture: Architecture, space: SearchSpace, mutations: Mutations, rng: Random) -> Architecture:
    """Nothing of the parent: any member of the space, so that an evolution becomes a random search."""
    return space.sample(rng)


def _mutated(
    architecture: Architecture, block: int, space: SearchSpace, operators: list[Mutation], rng: Random
) -> Architecture:
    """The first operator, in random order, that changes the block; else the architecture itself."""
    for operator in rng.sample(operators, len(operators)):
        child = operator(architecture, block, space, rng)
        if child != architecture:
            return child
    return architecture

"""Which mutations a search uses, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import cast

from eatnas_tf import registry
from eatnas_tf.errors import InputError, UnknownNameError, blaming
from eatnas_tf.mutations.primitive import redraw
from eatnas_tf.space import Architecture, SearchSpace

Mutation = Callable[[Architecture, int, SearchSpace, Random], Architecture]
Mutations = Mapping[str, Mutation]
Perturbation = Callable[[Architecture, SearchSpace, Mutations, Random], Architecture]


def operators(space: SearchSpace, names: Sequence[str] = ()) -> Mutations:
    """The mutations called `names`; by default one for every primitive with more than one choice.

    A primitive without a mutation of its own gets the generic one. Raises UnknownNameError. A mutation that
    raises, or gives back something else than an Architecture, raises PartError with its name.
    """
    chosen = names or [primitive.name for primitive in space.primitives if len(primitive.choices) > 1]
    return {name: partial(_named, name, _operator(space, name)) for name in chosen}


def _named(
    name: str, mutation: Mutation, architecture: Architecture, block: int, space: SearchSpace, rng: Random
) -> Architecture:
    with blaming(f"mutation {name!r}"):
        child = mutation(architecture, block, space, rng)
        if not isinstance(child, Architecture):
            raise InputError(f"it gave {child!r:.60} back; expected an Architecture")
        return child


def _operator(space: SearchSpace, name: str) -> Mutation:
    try:
        return registry.get("mutations", name)
    except UnknownNameError:
        if name not in {primitive.name for primitive in space.primitives}:
            raise
        return cast(Mutation, partial(redraw, name=name))

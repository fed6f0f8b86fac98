"""Mutations: one primitive of one block gets another value (Algorithm 4, lines 3 to 6)."""

from __future__ import annotations

from functools import partial
from random import Random

from eatnas_tf.space import Architecture, SearchSpace


def redraw(
    architecture: Architecture, block: int, space: SearchSpace, rng: Random, *, name: str
) -> Architecture:
    """`architecture` with another value for the primitive `name` of `block` (from 0), uniformly.

    Where the space leaves no other value, the architecture comes back as it was.
    """
    present = architecture[block][name]
    others = [value for value in space.primitive(name).choices if value != present]
    return architecture.replace(block, **{name: rng.choice(others)}) if others else architecture


conv = partial(redraw, name="conv")
kernel = partial(redraw, name="kernel")
skip = partial(redraw, name="skip")
width = partial(redraw, name="width")
depth = partial(redraw, name="depth")

"""How various a population is: the values that live in it, by primitive and block."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from eatnas_tf.space import Architecture, Primitive, Value

Shares = Mapping[Value, Sequence[float]]


def shares(architectures: Sequence[Architecture], primitive: Primitive) -> Shares:
    """Of every value, the share of the architectures that have it, block by block.

    The primitive's choices come first, in order, then other values that were found. A block that does not
    mention the primitive has its default. The shares of a block add up to one.
    """
    columns = [
        [block.get(primitive.name, primitive.default) for block in blocks if block is not None]
        for blocks in zip_longest(*architectures)
    ]
    counts = [Counter(column) for column in columns]
    values = dict.fromkeys((*primitive.choices, *(value for column in columns for value in column)))
    return {
        value: [count[value] / count.total() for count in counts] for value in values if value is not None
    }


def entropy(architectures: Sequence[Architecture], primitive: Primitive) -> float:
    """Bits by which the primitive's values differ in a block, the mean over the blocks.

    0 where all architectures agree, and log2(choices) where all values are equally frequent.
    """
    found = shares(architectures, primitive)
    blocks = len(next(iter(found.values())))
    bits = math.fsum(share * math.log2(share) for column in found.values() for share in column if share)
    return max(0.0, -bits / blocks)

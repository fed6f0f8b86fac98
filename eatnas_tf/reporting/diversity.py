"""How various a population is: the values that live in it, by primitive and block."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from statistics import fmean

from eatnas_tf.space import Architecture, Block, Primitive, Value

Shares = Mapping[Value, Sequence[float]]
Counts = defaultdict[str, Counter[Value | None]]  # by primitive; of "" the blocks


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


def entropies(architectures: Sequence[Architecture], primitives: Sequence[Primitive]) -> dict[str, float]:
    """By primitive's name, the bits by which its values differ in a block, the mean over the blocks.

    0 where all architectures agree, and log2(choices) where all values are equally frequent.
    """
    counts = [_counted(blocks) for blocks in zip_longest(*architectures)]
    return {one.name: fmean(_bits(count, one) for count in counts) for one in primitives}


def _counted(blocks: Iterable[Block | None]) -> Counts:
    """How often each value of each primitive is in the blocks."""
    counts: Counts = defaultdict(Counter)
    for block in blocks:
        for primitive, value in () if block is None else block.items_:
            counts[primitive.name][value] += 1
        counts[""][""] += block is not None
    return counts


def _bits(counts: Counts, primitive: Primitive) -> float:
    found, total = Counter(counts[primitive.name]), counts[""][""]
    found[primitive.default] += total - found.total()  # blocks that do not mention the primitive
    return max(0.0, -math.fsum(n / total * math.log2(n / total) for n in found.values() if n))

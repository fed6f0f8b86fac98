"""Where an individual comes from."""

from __future__ import annotations

from collections.abc import Mapping

from eatnas_tf.searches import Individual


def ancestry(individual: Individual, told: Mapping[int, Individual]) -> tuple[Individual, ...]:
    """The line of `individual`, from its founder in the first population to itself.

    `told` are a search's individuals by id. A parent always came before its child, so no line is endless.
    """
    line = [individual]
    while (parent := line[-1].candidate.parent) is not None:
        line.append(told[parent])
    return tuple(reversed(line))

"""First populations: random (Algorithm 1), or perturbations of a basic architecture (Algorithm 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from eatnas_tf.errors import InputError
from eatnas_tf.searches.candidates import Candidate
from eatnas_tf.searches.journal import ADVICE
from eatnas_tf.searches.strategy import Perturb
from eatnas_tf.space import Architecture, SearchSpace, differences
from eatnas_tf.space.search_space import REDRAWS


def random_population(
    space: SearchSpace, size: int, seed: int, given: Sequence[Architecture] = ()
) -> list[Candidate]:
    """`size` different members of the space: those `given`, the others drawn from the seed."""
    rng = Random(f"{seed}/first")
    codes = _different(lambda: space.sample(rng), size, given)
    return [Candidate(number, code) for number, code in enumerate(codes)]


def perturbed_population(
    basic: Architecture, perturb: Perturb, size: int, seed: int, given: Sequence[Architecture] = ()
) -> list[Candidate]:
    """`size` different architectures: those `given`, the others perturbed from the basic one by the seed."""
    rng = Random(f"{seed}/first")
    codes = _different(lambda: perturb(basic, rng), size, given)
    return [Candidate(number, code, mutated=differences(basic, code)) for number, code in enumerate(codes)]


def origin(founder: Candidate) -> Architecture:
    """The basic architecture that a candidate of `perturbed_population` was made of."""
    basic = founder.architecture
    for change in founder.mutated:
        if change.old is None or not 1 <= change.block <= len(basic):
            raise InputError(
                f"candidate {founder.id} was mutated in {change.primitive} of block {change.block} from "
                f"{change.old}, which cannot be undone in {basic}; {ADVICE}"
            )
        basic = basic.replace(change.block - 1, **{change.primitive: change.old})
    return basic


def _different(
    draw: Callable[[], Architecture], size: int, given: Sequence[Architecture]
) -> list[Architecture]:
    codes: dict[Architecture, None] = dict.fromkeys(given)
    in_vain = 0
    while len(codes) < size:
        before = len(codes)
        codes[draw()] = None
        in_vain = in_vain + 1 if len(codes) == before else 0
        if in_vain == REDRAWS:
            raise InputError(
                f"population: the space gives {before} different architectures, not {size}; "
                "lower --population or widen the space"
            )
    return list(codes)

"""First populations: random (Algorithm 1), or perturbations of a basic architecture (Algorithm 2)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from eatnas_tf.errors import InputError
from eatnas_tf.evolution.population import Candidate
from eatnas_tf.evolution.search import Perturb
from eatnas_tf.space import Architecture, SearchSpace, differences
from eatnas_tf.space.search_space import REDRAWS


def random_population(space: SearchSpace, size: int, seed: int) -> list[Candidate]:
    """`size` different members of the space, drawn from the seed."""
    rng = Random(f"{seed}/first")
    codes = _different(lambda: space.sample(rng), size)
    return [Candidate(number, code) for number, code in enumerate(codes)]


def perturbed_population(basic: Architecture, perturb: Perturb, size: int, seed: int) -> list[Candidate]:
    """`size` different perturbations of the basic architecture, drawn from the seed."""
    rng = Random(f"{seed}/first")
    codes = _different(lambda: perturb(basic, rng), size)
    return [Candidate(number, code, mutated=differences(basic, code)) for number, code in enumerate(codes)]


def _different(draw: Callable[[], Architecture], size: int) -> list[Architecture]:
    codes: dict[Architecture, None] = {}
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

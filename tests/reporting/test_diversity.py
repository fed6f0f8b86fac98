import math

import numpy as np
import pytest

from eatnas_tf.reporting.diversity import entropies, shares
from eatnas_tf.space import STANDARD, Architecture, Primitive


def _twin(architectures, primitive) -> float:
    """Entropy in bits by NumPy, the mean over the blocks."""
    bits = []
    for block in range(len(architectures[0])):
        _, counts = np.unique([str(one[block][primitive.name]) for one in architectures], return_counts=True)
        p = counts / counts.sum()
        bits.append(-(p * np.log2(p)).sum())
    return float(np.mean(bits))


@pytest.mark.parametrize("primitive", STANDARD, ids=lambda one: one.name)
def test_entropy_is_numpys_to_1e_12(made_up, primitive) -> None:
    alive = [one.architecture for one in made_up(16, 40).population.individuals]
    found = entropies(alive, STANDARD)[primitive.name]
    assert found == pytest.approx(_twin(alive, primitive), abs=1e-12)


def test_entropy_is_0_of_equals_and_the_choices_logarithm_of_all_choices_once() -> None:
    kernel = STANDARD[1]
    codes = [Architecture.parse(f"sep_k{value}_s1_w1.0_d1") for value in (3, 5, 7)]
    assert entropies(codes[:1] * 5, [kernel]) == {"kernel": 0}
    assert entropies(codes, [kernel]) == {"kernel": pytest.approx(math.log2(3))}


def test_shares_add_up_to_one_and_hold_values_beyond_the_choices_and_defaults() -> None:
    act = Primitive("act", "a", ("relu",), default="relu")
    codes = [
        Architecture.parse(f"sep_k3_s1_w1.0_d1{end}", (*STANDARD, act)) for end in ("", "_aswish", "_arelu")
    ]
    found = shares(codes, act)
    assert found == {"relu": [2 / 3], "swish": [1 / 3]}
    bits = -(2 / 3 * math.log2(2 / 3) + 1 / 3 * math.log2(1 / 3))
    assert entropies(codes, [act]) == {"act": pytest.approx(bits)}
    for primitive in STANDARD:
        assert sum(column[0] for column in shares(codes, primitive).values()) == pytest.approx(1)

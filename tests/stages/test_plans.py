"""What the names in a config stand for."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf import registry
from eatnas_tf.configs import EvolutionConfig, SearchConfig
from eatnas_tf.errors import InputError
from eatnas_tf.stages import plans

CONFIG = SearchConfig(evolution=EvolutionConfig(objective="mine"))


@pytest.fixture
def size(monkeypatch):
    """What a search takes an objective's value for."""
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})

    def of(value):
        registry.add("objectives", "mine", lambda network: value)
        return plans.search(CONFIG).objective(None)

    return of


@pytest.mark.parametrize(
    "value",
    [
        3,
        3.0,
        np.float32(3),
        np.float64(3),
        np.float16(3),
        np.int64(3),
        np.uint8(3),
        np.array(3),
        np.array(3.0),
        np.sum([1, 2]),
        tf.constant(3),
        tf.constant(3.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_number_of_any_library_is_an_objectives_value_and_becomes_pythons(size, value) -> None:
    assert size(value) == 3
    assert type(size(value)) in (int, float)


@pytest.mark.parametrize(
    "value",
    [
        np.float32("nan"),
        np.float64("inf"),
        np.int64(0),
        np.array(-1.5),
        np.bool_(True),
        np.array([3]),
        np.array([3, 4]),
        np.str_("3"),
        np.complex64(3),
        tf.constant([3]),
        None,
    ],
    ids=repr,
)
def test_what_is_no_finite_number_above_0_is_refused_in_one_line(size, value) -> None:
    with pytest.raises(
        InputError, match=r"objective 'mine': it gave .* back; expected a number above 0"
    ) as refused:
        size(value)
    assert "\n" not in str(refused.value)


def test_another_objective_than_the_registered_ones_is_unknown(size) -> None:
    other = replace(CONFIG, evolution=replace(CONFIG.evolution, objective="min"))
    with pytest.raises(InputError, match="no objective 'min'"):
        plans.search(other)

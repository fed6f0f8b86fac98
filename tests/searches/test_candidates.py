"""Measurements as they are made and read."""

import math
import pickle
from dataclasses import replace

import pytest

from eatnas_tf.searches import Measurement


@pytest.mark.parametrize(
    "found",
    [
        Measurement(0.5, 3),
        Measurement(0.5, size=3),
        Measurement(accuracy=0.5, size=3),
        Measurement(metrics={"accuracy": 0.5}, size=3),
        Measurement(0.5, 3, 0.0, {}),
    ],
    ids=repr,
)
def test_an_accuracy_is_short_for_the_metric_of_that_name(found) -> None:
    assert found == Measurement(metrics={"accuracy": 0.5}, size=3)
    assert (found.accuracy, found.size, found.seconds, found.details) == (0.5, 3, 0.0, {})


def test_an_accuracy_that_was_not_measured_is_not_a_number() -> None:
    found = Measurement(metrics={"rmse": 0.1}, size=1)
    assert math.isnan(found.accuracy)
    assert found.metrics == {"rmse": 0.1}


def test_a_measurement_is_replaced_in_part_and_pickled_as_any_dataclass() -> None:
    found = Measurement(metrics={"rmse": 0.1}, size=1, seconds=2.0)
    assert replace(found, details={"loss": 1}) == Measurement(None, 1, 2.0, {"loss": 1}, {"rmse": 0.1})
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own)
    with pytest.raises(AttributeError):
        found.size = 3


@pytest.mark.parametrize(
    "wrong", [{"accuracy": 0.5}, {"size": 1}, {"accuracy": 0.5, "metrics": {"accuracy": 0.5}, "size": 1}]
)
def test_what_was_left_out_or_given_twice_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match="either an accuracy or metrics"):
        Measurement(**wrong)

"""Passes over images: who hears of them."""

import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.training import passes


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(passes, "PATIENCE", 0.0)
    monkeypatch.setattr(passes, "EVERY", 0.0)


def _heard(count: int, total: int) -> list[tuple[str, int, int]]:
    found = []
    with passes.heard(lambda *told: found.append(told)):
        assert list(passes.told("reading", total, range(count))) == list(range(count))
    return found


def test_a_long_pass_is_told_of_from_its_beginning_to_its_end(impatient) -> None:
    assert _heard(3, 3) == [("reading", 0, 3), ("reading", 1, 3), ("reading", 2, 3), ("reading", 3, 3)]


def test_one_that_takes_a_moment_is_not_told_of() -> None:
    assert _heard(3, 3) == []


def test_whoever_listened_before_does_so_again(impatient) -> None:
    assert not passes.listened()
    with passes.heard(print):
        with passes.heard(None):
            assert not passes.listened()
            assert list(passes.told("reading", 1, [7])) == [7]
        assert passes.listened()
    assert not passes.listened()


def test_reading_images_and_their_statistics_are_passes(strategy, impatient) -> None:
    import tensorflow as tf

    from eatnas_tf.training.given_source import DatasetStreamed

    images, labels = np.zeros((4, 6, 6, 1), np.uint8), np.arange(4)
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    streamed, found = DatasetStreamed(pairs, labels, np.arange(4), 1, 6), []
    with passes.heard(lambda *told: found.append(told)):
        streamed.read()
        streamed.statistics()
    assert found[4::5] == [("reading images", 4, 4), ("channel statistics", 4, 4)]
    empty = DatasetStreamed(pairs, labels, np.arange(0), 1, 6)
    with passes.heard(print), pytest.raises(InputError):
        empty.read()

"""Learning rates by step."""

import math

import numpy as np
import pytest

from eatnas_tf.configs import SCHEDULES
from eatnas_tf.training.schedules import schedule

STEPS = 2  # an epoch


def rates(kind, rate, final, epochs):
    """The learning rate of every step, and the one that the step after the last would have."""
    found = schedule(kind, rate, final, epochs, STEPS)
    steps = range(epochs * STEPS + 1)
    return np.array([found(step) for step in steps]) if callable(found) else np.full(len(steps), found)


def test_constant_is_one_number():
    assert schedule("constant", 0.0256, 0.0, 5, STEPS) == 0.0256


def test_cosine_falls_along_half_a_wave_and_ends_at_final():
    found = rates("cosine", 0.1, 0.02, 8)
    expected = 0.02 + 0.08 * (1 + np.cos(np.pi * np.arange(8 * STEPS + 1) / (8 * STEPS))) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found[-1] == pytest.approx(0.02)


def test_cosine_restarts_after_10_20_40_80_160_and_320_epochs_which_are_the_papers_630():
    periods = [10 * 2**k for k in range(6)]
    assert sum(periods) == 630
    found = rates("cosine_restarts", 0.0125, 0.001, 630)
    waves = [(1 + np.cos(np.pi * np.arange(period * STEPS) / (period * STEPS))) / 2 for period in periods]
    np.testing.assert_allclose(found[:-1], 0.001 + 0.0115 * np.concatenate(waves), atol=1e-6)
    restarts = np.flatnonzero(np.diff(found) > 0.01) + 1
    assert restarts.tolist() == [STEPS * epoch for epoch in (10, 30, 70, 150, 310, 630)]


def test_polynomial_is_a_straight_line_from_the_papers_0_1_to_1e_4():
    line = np.linspace(0.1, 1e-4, 20 * STEPS + 1)
    np.testing.assert_allclose(rates("polynomial", 0.1, 1e-4, 20), line, rtol=1e-4)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_schedule_starts_at_the_rate_and_stays_finite_at_a_rate_of_0(kind):
    assert rates(kind, 0.05, 0.01, 2)[0] == pytest.approx(0.05)
    assert all(math.isfinite(rate) for rate in rates(kind, 0.0, 0.0, 2))

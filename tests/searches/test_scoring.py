"""Score and population quality against a NumPy twin."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.searches import Quality, Score

ACCURACIES = st.floats(1e-6, 1)
SIZES = st.floats(1, 1e10)
EXPONENTS = st.floats(-2, 2)
SCORES = st.lists(st.floats(0, 2), min_size=1, max_size=64)


def _quality(scores, target, alpha, beta) -> float:
    std = np.std(np.asarray(scores, np.float64))
    exponent = alpha if std < target else beta
    return float(np.mean(scores) * np.maximum(std / target, 0.1) ** exponent)


@given(ACCURACIES, SIZES, SIZES, EXPONENTS)
def test_a_score_is_accuracy_times_a_power_of_the_size(accuracy, size, target, omega) -> None:
    twin = np.float64(accuracy) * (np.float64(size) / np.float64(target)) ** np.float64(omega)
    assert Score(target, omega)(accuracy, size) == pytest.approx(float(twin), rel=1e-12)


@pytest.mark.parametrize(
    ("accuracy", "size", "score"),
    [(0.9, 3e6, 0.9), (0.9, 6e6, 0.9 * 2**-0.07), (0.9, 1.5e6, 0.9 * 2**0.07), (1.0, 3e8, 100**-0.07)],
)
def test_the_published_exponent_pays_for_small_networks(accuracy, size, score) -> None:
    assert Score(3e6)(accuracy, size) == pytest.approx(score, rel=1e-12)


@given(ACCURACIES, st.floats(0.01, 1))
def test_the_sign_of_omega_says_which_way_size_counts(accuracy, omega) -> None:
    assert Score(1e6, -omega)(accuracy, 2e6) < accuracy < Score(1e6, omega)(accuracy, 2e6)
    assert Score(1e6, 0.0)(accuracy, 2e6) == accuracy


@pytest.mark.parametrize("accuracy", [math.nan, 0.0, -0.5])
def test_a_diverged_training_scores_nothing(accuracy) -> None:
    assert Score(3e6)(accuracy, 1e6) == 0.0


@given(SCORES, st.floats(1e-3, 1), EXPONENTS, EXPONENTS)
def test_quality_is_the_mean_times_a_power_of_the_deviation(scores, target, alpha, beta) -> None:
    if abs(np.std(scores) - target) < 1e-9:  # either exponent is right within rounding
        return
    expected = _quality(scores, target, alpha, beta)
    assert Quality(target, alpha, beta)(scores) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("scores", "exponent"), [([0.5, 0.51], 2.0), ([0.5, 0.54], 3.0), ([0.5, 0.6], 3.0)])
def test_alpha_holds_below_the_target_deviation_and_beta_from_it_on(scores, exponent) -> None:
    quality = Quality(0.02, alpha=2.0, beta=3.0)
    assert quality(scores) == pytest.approx(np.mean(scores) * (np.std(scores) / 0.02) ** exponent, rel=1e-12)


@given(ACCURACIES, st.integers(1, 64))
def test_a_population_of_one_score_counts_as_a_tenth_of_the_target_deviation(score, count) -> None:
    assert Quality(0.02)([score] * count) == pytest.approx(score * 0.1**-0.07, rel=1e-12)


@given(st.floats(0.5, 1))
def test_collapsing_below_the_floor_gains_nothing(mean) -> None:
    wide, narrow = ([mean - spread, mean + spread] for spread in (0.001, 0.0001))
    assert Quality(0.02)(wide) == pytest.approx(Quality(0.02)(narrow), rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=16), st.randoms(use_true_random=False))
def test_quality_does_not_depend_on_the_order(scores, rng) -> None:
    shuffled = rng.sample(scores, len(scores))
    assert Quality()(shuffled) == pytest.approx(Quality()(scores), rel=1e-12, abs=1e-15)

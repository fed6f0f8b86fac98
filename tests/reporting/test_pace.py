import pytest

from eatnas_tf.reporting.pace import failed, scalars
from eatnas_tf.searches import Candidate, Individual, Measurement
from eatnas_tf.space import Architecture

CODE = Architecture.parse("sep_k3_s1_w1.0_d1")


def _one(number: int = 0, **details) -> Individual:
    return Individual(Candidate(number, CODE), Measurement(0.5, 10, 3.0, details), 0.5, 0)


def _shown(*history: Individual) -> dict[str, float]:
    return scalars(history, {one.id: one for one in history})


def test_seconds_by_part_redraws_and_the_pace_come_from_the_journals_details() -> None:
    history = [_one(n, times={"train": 2.0, "waited": 1.0 + n % 2}, redraws=n) for n in range(41)]
    found = _shown(*history)
    assert found["search/seconds"] == 3.0
    assert found["search/seconds_train"] == 2.0
    assert "search/seconds_waited" not in found
    assert found["search/redraws"] == 40
    assert found["search/candidates_an_hour"] == pytest.approx(3600 * 20 / (10 * 1 + 10 * 2))


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"times": None, "redraws": None},
        {"times": [1], "redraws": "2"},
        {"times": {"train": None, "waited": "x"}, "redraws": True},
        {"times": {"train": -1.0, "waited": float("nan")}, "redraws": float("inf")},
        {"times": {"waited": 0.0}},
    ],
)
def test_what_a_journal_does_not_tell_is_left_out(details) -> None:
    assert set(_shown(_one(**details))) == {"search/score", "search/accuracy", "search/seconds"}


@pytest.mark.parametrize(
    ("details", "expected"),
    [({}, False), ({"loss": 0.5}, False), ({"loss": None}, True), ({"failed": "worker died twice"}, True)],
)
def test_a_candidate_has_failed_if_it_diverged_or_was_lost(details, expected) -> None:
    assert failed(_one(**details)) is expected

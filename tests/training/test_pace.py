"""How many steps a call into a graph has."""

import time

import pytest

from eatnas_tf.training.pace import STEPS_A_CALL, Pace


@pytest.mark.parametrize(("seconds", "most"), [(0.001, STEPS_A_CALL), (0.1, 10), (2.0, 1)])
def test_a_call_takes_about_a_second_and_misses_no_step(monkeypatch, seconds, most):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    spans = []
    for first, last in Pace().spans(100):
        spans.append((first, last))
        now[0] += seconds * (last - first)
    assert [step for span in spans for step in range(*span)] == list(range(100))
    assert max(last - first for first, last in spans[1:]) == most

"""Times of a candidate."""

import time

import pytest

from eatnas_tf.searches import Alone, Candidate, Measurement, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.stopwatch import Clocked, Stopwatch

CODE = Architecture.parse("sep_k3_s1_w1.0_d1")


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """The time, which passes only by hand."""
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    return clock


def test_a_stopwatch_tells_parts_and_the_whole_also_of_a_part_that_raised(now) -> None:
    watch = Stopwatch()
    with watch.of("build"):
        now[0] += 1.5
    now[0] += 10

    def diverge() -> None:
        now[0] += 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watch.of("train"):
        diverge()
    assert watch.parts == {"build": 1.5, "train": 2.0}
    assert watch.seconds == 13.5


def test_a_measurement_tells_how_long_the_search_has_waited_since_the_one_before(now) -> None:
    def evaluate(task: Task) -> Measurement:
        now[0] += 3
        return Measurement(0.5, 1, 3.0, {"times": {"train": 2.0}, "loss": 1.0} if task.candidate.id else {})

    workforce = Clocked(Alone(evaluate))
    assert workforce.capacity == 1
    found = []
    for number in range(2):
        workforce.submit(Task(Candidate(number, CODE)))
        now[0] += number  # the search does something else
        found.append(workforce.next_finished())
    workforce.close()
    assert [one.candidate.id for one in found] == [0, 1]
    assert found[0].measurement.details == {"times": {"waited": 3.0}}
    assert found[1].measurement.details == {"times": {"train": 2.0, "waited": 4.0}, "loss": 1.0}


def test_time_in_which_only_the_capacity_changes_counts_as_waited(now) -> None:
    class Changing(Alone):
        changes = 2

        def next_finished(self):
            now[0] += 1
            self.changes -= 1
            return None if self.changes >= 0 else super().next_finished()

    workforce = Clocked(Changing(lambda task: Measurement(0.5, 1)))
    workforce.submit(Task(Candidate(0, CODE)))
    assert workforce.next_finished() is None
    assert workforce.next_finished() is None
    assert workforce.next_finished().measurement.details == {"times": {"waited": 3.0}}

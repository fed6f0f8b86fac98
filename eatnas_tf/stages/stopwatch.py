"""How long a search's candidates take, part by part, and how long the search waits for the next one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from eatnas_tf.reporting.pace import TIMES, WAITED
from eatnas_tf.searches import Finished, Task, Workforce

__all__ = ["TIMES", "Clocked", "Stopwatch"]


class Stopwatch:
    """Seconds since it was made, and those of its parts by name."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self.parts: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Counts what the block takes for a part."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            spent = self.parts.get(part, 0.0) + time.perf_counter() - begun
            self.parts[part] = round(spent, 4)


class Clocked:
    """A workforce whose measurements tell how long the search has waited since the one before.

    That is among their times: what a search's pace follows from, in however many places it is evaluated.
    """

    def __init__(self, workforce: Workforce) -> None:
        self._workforce, self._before = workforce, time.perf_counter()

    @property
    def capacity(self) -> int:
        return self._workforce.capacity

    def submit(self, task: Task) -> None:
        self._workforce.submit(task)

    def next_finished(self) -> Finished | None:
        finished = self._workforce.next_finished()
        if finished is None:
            return None
        now = time.perf_counter()
        waited, self._before = now - self._before, now
        details = finished.measurement.details
        times = {**details.get(TIMES, {}), WAITED: round(waited, 4)}
        return replace(finished, measurement=replace(finished.measurement, details={**details, TIMES: times}))

    def close(self) -> None:
        self._workforce.close()

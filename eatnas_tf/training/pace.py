"""How long a graph runs before Python hears of it, and who listens then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

FIRST_STEPS, STEPS_A_CALL = 4, 32

OnShare = Callable[[float], None]


def unheard(told: object) -> None:
    """Where nobody listens."""


class Pace:
    """How many steps run inside a graph between two moments in Python: a second's worth, so that signals are
    heard and a bar moves, but no more than STEPS_A_CALL.
    """

    def __init__(self) -> None:
        self._steps = FIRST_STEPS

    def spans(self, count: int) -> Iterator[tuple[int, int]]:
        """(first, last) of each call over `count` steps; the time to the next one is the call's."""
        first = 0
        while first < count:
            last, begun = min(first + self._steps, count), time.perf_counter()
            yield first, last
            second = int((last - first) / (time.perf_counter() - begun))
            self._steps = max(1, min(second, 2 * self._steps, STEPS_A_CALL))
            first = last

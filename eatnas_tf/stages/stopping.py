"""SIGINT, SIGTERM and the end of the time given end a stage at the next safe place.

An exception thrown from a signal into the middle of TensorFlow may come out as another one or not at all. So
the first signal is only noted, and `stop_if_asked` acts on it between two steps; a second one does not wait.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked: list[int] = []  # signals are the process's, and so is this
_deadline: list[float] = []


class Stopped(BaseException):
    """A signal asked the stage to end. What was in flight is lost, nothing else."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}; the same command goes on from here")
        self.exit_code = 128 + number


class TimeIsUp(BaseException):
    """The time that a stage was given is over. What was in flight is lost, nothing else."""


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """While the block runs, `stop_if_asked` raises TimeIsUp once so many seconds are over (None: never)."""
    if seconds is not None:
        _deadline.append(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.clear()


@contextmanager
def stoppable() -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM are noted for `stop_if_asked`; a second one raises Stopped."""

    def note(number: int, frame: FrameType | None) -> None:
        if _asked:
            raise Stopped(number)
        _asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_if_asked() -> None:
    """Raises Stopped if a signal has come, TimeIsUp if time is over. Called where nothing is half done."""
    if _asked:
        raise Stopped(_asked[0])
    if _deadline and time.monotonic() >= _deadline[0]:
        raise TimeIsUp

"""SIGINT, SIGTERM and the end of the time given end a stage at the next safe place.

An exception thrown from a signal into the middle of TensorFlow may come out as another one or not at all. So
the first signal is only noted, and `stop_if_asked` acts on it between two steps; a second one does not wait.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

_asked: list[int] = []  # signals are the process's, and so is this
_deadline: list[tuple[float, str]] = []


class Stopped(BaseException):
    """A signal asked the stage to end. What was in flight is lost, nothing else."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}; the same command goes on from here")
        self.exit_code = 128 + number


class Enough(BaseException):
    """A search is to end with the best so far, for the reason given: its time is over, or a callback's own.

    What was in flight is lost, nothing else.
    """


@contextmanager
def within(seconds: float | None, reason: str) -> Iterator[None]:
    """While the block runs, `stop_if_asked` raises Enough once so many seconds are over (None: never)."""
    if seconds is not None:
        _deadline.append((time.monotonic() + seconds, reason))
    try:
        yield
    finally:
        _deadline.clear()


@contextmanager
def stoppable() -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM are noted for `stop_if_asked`; a second one raises Stopped.

    Only the main thread of a process may hear signals: in another one, nothing is changed.
    """
    if current_thread() is not main_thread():
        yield
        return

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


def asked() -> bool:
    """Whether a signal has come that ends the stage at the next safe place."""
    return bool(_asked)


def stop_if_asked() -> None:
    """Raises Stopped if a signal has come, Enough if time is over. Called where nothing is half done."""
    if _asked:
        raise Stopped(_asked[0])
    if _deadline and time.monotonic() >= _deadline[0][0]:
        raise Enough(_deadline[0][1])

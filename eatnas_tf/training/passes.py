"""Passes over many images before a training, as for their statistics, and who hears of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

PATIENCE, EVERY = 1.0, 0.5  # seconds before a pass is told of, and between two times
Item = TypeVar("Item")
OnPass = Callable[[str, int, int], None]  # what is done, how many images are through, of how many

_listener: ContextVar[OnPass | None] = ContextVar("listener", default=None)


@contextmanager
def heard(listener: OnPass | None) -> Iterator[None]:
    """In the block `listener` hears of every pass that is no matter of a moment; None: nobody does."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def listened() -> bool:
    """Whether somebody hears."""
    return _listener.get() is not None


def told(what: str, total: int, items: Iterable[Item]) -> Iterator[Item]:
    """The items of a pass, which is told of as they go by."""
    listener, due, spoken = _listener.get(), time.monotonic() + PATIENCE, False
    for number, item in enumerate(items):
        if listener is not None and time.monotonic() >= due:
            listener(what, number, total)
            due, spoken = time.monotonic() + EVERY, True
        yield item
    if spoken and listener is not None:
        listener(what, total, total)

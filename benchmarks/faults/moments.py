"""Random moments of a search's run, and what it was doing at one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from benchmarks.faults.lab import POLL, Pace
from benchmarks.faults.small_search import EVALUATIONS, Search, whole_lines

INSTANT = 0.003  # seconds in which weights are written, or a line after them


@dataclass(frozen=True)
class Moment:
    """So many seconds after an event: the process's start, a line in the journal, or weights.

    `partial` weights are half-written; `unnamed` ones are whole, and no line tells of them yet.
    """

    event: str
    seconds: float
    lines: int = 0


def drawn(rng: Random, pace: Pace) -> Moment:
    """A moment in which anything may be going on, the rare things as often as the long ones."""
    event = rng.choice(("start", "line", "line", "partial", "unnamed"))
    if event == "start":
        return Moment(event, rng.uniform(0, pace.first_line))
    if event == "line":
        return Moment(event, rng.uniform(0, pace.candidate), rng.randint(1, 2))
    return Moment(event, rng.uniform(0, INSTANT))


def come(moment: Moment, process: subprocess.Popen, search: Search) -> bool:
    """Waits for the moment; False if the process ended before it."""
    happened = _happening(moment, search)
    while not happened():
        if process.poll() is not None:
            return False
        time.sleep(POLL)
    time.sleep(moment.seconds)
    return process.poll() is None


def _happening(moment: Moment, search: Search) -> Callable[[], bool]:
    """Whether the moment's event has happened since now."""
    before = seen(search)
    if moment.event == "line":
        return lambda: seen(search).lines >= before.lines + moment.lines
    if moment.event == "partial":
        return lambda: bool(seen(search).partial - before.partial)
    if moment.event == "unnamed":
        return lambda: bool(seen(search).unnamed - before.unnamed)
    return lambda: True


@dataclass(frozen=True)
class Sight:
    """A search's folder at one moment: its journal, weights half-written, and weights without a line yet."""

    journal: bytes
    partial: frozenset[str]
    unnamed: frozenset[str]

    @property
    def lines(self) -> int:
        """Candidates that have a line; a header comes before them."""
        return max(0, len(whole_lines(self.journal)) - 1)


def seen(search: Search) -> Sight:
    """The folder now."""
    files = _weight_files(search)
    named = {search.workdir.store.path(line["id"]).name for line in search.lines()} if files else set()
    partial = {name for name in files if name.endswith(".partial")}
    return Sight(search.journal(), frozenset(partial), frozenset(files) - partial - named)


def _weight_files(search: Search) -> list[str]:
    with suppress(FileNotFoundError):
        return os.listdir(search.path / "weights")
    return []


def met(before: Sight, after: Sight, seconds: float, pace: Pace) -> str:
    """What a kill met, so many seconds after a start, as far as the folder tells then and after it."""
    if after.journal and not after.journal.endswith(b"\n"):
        return "a line half-written"
    if after.partial - before.partial:
        return "weights half-written"
    if after.unnamed - before.unnamed:
        return "weights without a line yet"
    if after.lines == EVALUATIONS:
        return "all lines written"
    if after.lines > before.lines:
        return "a later candidate's training"
    return "start-up" if seconds < pace.start_up else "the first candidate's tracing and training"

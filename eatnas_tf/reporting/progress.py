"""Progress on the terminal: a bar with the time left, or a line a minute where there is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from eatnas_tf.errors import shown

LINE_EVERY = 60.0


class Shown:
    """A stream to draw on. What it does not take, being on a full disk or a closed pipe, is not drawn."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Bar:
    """Where a stage reports how far it is. `unit` is what is counted, such as `evaluation`."""

    def __init__(self, console: Console, title: str, total: int, unit: str) -> None:
        self._console, self._title, self._total, self._unit = console, title, total, unit
        self._live = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn(unit + "s"),
            TextColumn("{task.fields[status]}", markup=False),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            speed_estimate_period=600,
            disable=not console.is_terminal,
        )
        self._task = self._live.add_task(title, total=total, status="starting")
        self._begun, self._first, self._spoken = time.monotonic(), 0.0, 0.0

    def at(self, done: float, status: str) -> None:
        """So much is done of the total; `status` says how it stands."""
        self._live.update(self._task, completed=round(done, 2), status=shown(status))
        now = time.monotonic()
        if not self._console.is_terminal and (now - self._spoken >= LINE_EVERY or done >= self._total):
            self._spoken = now
            line = f"{self._title}: {self._unit} {int(done)} of {self._total}, {status}{self._left(done)}"
            self._console.print(Text(shown(line)), soft_wrap=True)

    def resumed(self, done: float) -> None:
        """So much was done by an earlier run: it says nothing about the pace of this one."""
        if not done:
            return
        self._first = done
        self._live.update(self._task, completed=round(done, 2))
        self._live.reset(self._task, completed=round(done, 2), status="going on")  # type: ignore[arg-type]

    def _left(self, done: float) -> str:
        pace = (time.monotonic() - self._begun) / max(done - self._first, 1e-9)
        seconds = round(pace * (self._total - done)) if done >= self._first + 1 else 0
        return f", {seconds // 60}:{seconds % 60:02d} left" if seconds else ""


@contextmanager
def bar(title: str, total: int, unit: str) -> Iterator[Bar]:
    """A bar that is shown while the block runs."""
    shown = Bar(Console(file=cast(IO[str], Shown(sys.stderr))), title, total, unit)
    with shown._live:
        yield shown

"""Progress on the terminal: a bar with the time left, or a line a minute where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from eatnas_tf.errors import shown
from eatnas_tf.reporting import terminal

LINE_EVERY = 60.0


class Status(TextColumn):
    """The one column that gives way where a terminal is narrow: it is cut, and stays on its line."""

    def render(self, task: Task) -> Text:
        text = super().render(task)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


class Bar:
    """Where a stage reports how far it is. `unit` is what is counted, such as `evaluation`."""

    def __init__(self, console: Console, title: str, total: int, unit: str) -> None:
        self._console, self._title, self._total, self._unit = console, title, total, unit
        self._live = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn(unit + "s"),
            TimeRemainingColumn(),
            TextColumn("left"),
            Status("{task.fields[status]}", markup=False, table_column=Column(no_wrap=False)),
            console=console,
            speed_estimate_period=600,
            disable=not console.is_terminal or terminal.is_quiet(),
        )
        self._task = self._live.add_task(title, total=total, status="starting")
        self._begun, self._first, self._spoken = time.monotonic(), 0.0, 0.0
        self._done = 0.0

    def __enter__(self) -> Bar:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def at(self, done: float, status: str) -> None:
        """So much is done of the total; `status` says how it stands."""
        self._done = done
        self._live.update(self._task, completed=round(done, 2), status=shown(status))
        now = time.monotonic()
        if terminal.is_quiet():
            return
        if not self._console.is_terminal and (now - self._spoken >= LINE_EVERY or done >= self._total):
            self._spoken = now
            said = [f"{self._title}: {self._unit} {int(done):,} of {self._total:,}", status, self._left(done)]
            line = ", ".join(filter(None, said))
            self._console.print(Text(shown(line)), soft_wrap=True)

    def aside(self, what: str, done: int, total: int) -> None:
        """What has to be done before this can go on, and how far that is."""
        self.at(self._done, f"{what}: {done:,} of {total:,}")

    def resumed(self, done: float) -> None:
        """So much was done by an earlier run: it says nothing about the pace of this one."""
        if not done:
            return
        self._first = self._done = done
        self._live.update(self._task, completed=round(done, 2))
        self._live.reset(self._task, completed=round(done, 2), status="going on")  # type: ignore[arg-type]

    def _left(self, done: float) -> str:
        pace = (time.monotonic() - self._begun) / max(done - self._first, 1e-9)
        seconds = round(pace * (self._total - done)) if done >= self._first + 1 else 0
        return f"{seconds // 60}:{seconds % 60:02d} left" if seconds else ""


def bar(title: str, total: int, unit: str) -> Bar:
    """A bar that is shown within a `with`; nothing of it is under `terminal.quiet`."""
    return Bar(terminal.asides(), title, total, unit)


@contextmanager
def bars(unit: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """What to tell (what, done, total) of work that comes in parts: a bar a part, shown until it is done.

    None where nobody would see it.
    """
    shown: dict[str, Bar] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in shown:
            shown[what] = bar(what, total, unit).__enter__()
        shown[what].at(done, "")
        if done >= total:
            shown.pop(what).__exit__()

    try:
        yield None if terminal.is_quiet() else tell
    finally:
        for one in shown.values():
            one.__exit__()

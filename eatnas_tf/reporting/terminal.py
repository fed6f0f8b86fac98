"""The terminal: results on standard output, progress and refusals on standard error; how much is said.

Colours are for terminals only, and not for one with NO_COLOR (https://no-color.org) or TERM=dumb set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from rich.console import Console
from rich.text import Text

from eatnas_tf.errors import shown

PIPED_WIDTH = 200
_quiet: list[bool] = []  # the terminal is the process's, and so is this


@contextmanager
def quiet(wanted: bool) -> Iterator[None]:
    """While the block runs, nothing is said but warnings, errors and results, if that is `wanted`."""
    _quiet.append(wanted)
    try:
        yield
    finally:
        _quiet.pop()


def is_quiet() -> bool:
    return any(_quiet)


def results() -> Console:
    """Standard output; wide where it is not a terminal, so that a code stays on one line."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def asides() -> Console:
    """Standard error, which may refuse what is drawn on it."""
    return Console(file=cast(IO[str], Shown(sys.stderr)))


def refuse(program: str, message: str) -> None:
    """One line on standard error, which says who refuses what."""
    line = Text.assemble((f"{program}:", "bold red"), f" {shown(message)}")
    asides().print(line, soft_wrap=True)


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

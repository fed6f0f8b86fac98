"""The terminal: results on standard output, progress and refusals on standard error; how much is said.

Colours are for terminals only, and not for one with NO_COLOR (https://no-color.org) or TERM=dumb set.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from absl import logging
from rich.console import Console
from rich.text import Text

from eatnas_tf.errors import shown

PIPED_WIDTH = 200
IN_ASCII = "eatnas_tf.in_ascii"
TYPED = {"±": "+/-", "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "→": "->"}  # the rest is escaped
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
    """Standard output, which may refuse what is printed; wide where it is no terminal."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(file=cast(IO[str], Shown(sys.stdout)), width=width, highlight=False)


def asides() -> Console:
    """Standard error, which may refuse what is drawn on it."""
    return Console(file=cast(IO[str], Shown(sys.stderr)))


def refuse(program: str, message: str) -> None:
    """One line on standard error, which says who refuses what."""
    line = Text.assemble((f"{program}:", "bold red"), f" {shown(message)}")
    asides().print(line, soft_wrap=True)


class Shown:
    """A stream that takes any text: characters that its encoding lacks are written in ASCII.

    A full disk or a closed pipe ends nothing: what it does not take is dropped, and `lost` says why.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(text.encode(encoding, IN_ASCII).decode(encoding, "replace"))
        except OSError as error:
            self.lost = error
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self.lost = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    found = error.object[error.start : error.end]
    said = (TYPED.get(one) or one.encode("ascii", "backslashreplace").decode("ascii") for one in found)
    return "".join(said), error.end


codecs.register_error(IN_ASCII, _in_ascii)


def take_streams() -> None:
    """Makes standard output and standard error `Shown`, and the null device where they are closed.

    Otherwise the next file that is opened would get the number of a closed one, and be printed into.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number, so this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for the life of the process)
        if not isinstance(stream, Shown):
            setattr(sys, name, Shown(stream))
    _log_to(sys.stderr)


def _log_to(stream: Any) -> None:
    """absl remembers the stream of its first import; a line for another one it would write to both."""
    logging.get_absl_handler().python_handler.setStream(stream)


@contextmanager
def streams_taken() -> Iterator[None]:
    """In the block `take_streams` holds. What is left unwritten at its end is not tried again at exit."""
    before = sys.stdout, sys.stderr
    take_streams()
    try:
        yield
    finally:
        for number, stream in enumerate((sys.stdout, sys.stderr), start=1):
            stream.flush()
            if getattr(stream, "lost", None) is not None:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, number)
                os.close(null)
        sys.stdout, sys.stderr = before
        _log_to(sys.stderr)


def lost() -> OSError | None:
    """Why something printed so far did not reach standard output; None if all of it did."""
    sys.stdout.flush()
    return getattr(sys.stdout, "lost", None)

"""What a person can put right: the binaries print these as one line and exit with 2."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TypeVar

Error = TypeVar("Error", bound="InputError")
KERAS = "Exception encountered when calling"
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def shown(text: str) -> str:
    """`text` as a terminal may be given it, whatever data it names: on one line, and all of it prints.

    A line's end, an escape, half a surrogate of a file's name become `\\n`, `\\x1b`, `\\udcff`.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def reason(error: BaseException) -> str:
    """An exception in a line: its type, and the first line of what it says.

    Keras puts a line about the layer before what the layer said, in bold.
    """
    lines = [line for line in STYLE.sub("", str(error)).splitlines() if line.strip()]
    said = lines[1:] if lines and lines[0].startswith(KERAS) and len(lines) > 1 else lines
    return f"{type(error).__name__}: {said[0].strip()}" if said else type(error).__name__


class InputError(ValueError):
    """Something handed in cannot be used; the message says what came, what was expected and the way out.

    It may name what data brought, and is `shown`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))

    def saying(self: Error, message: str) -> Error:
        """The same kind of error with another message, such as one that says where it happened."""
        other = copy(self)
        other.args = (shown(message),)
        return other


class UnknownNameError(InputError, LookupError):
    """A name that nothing is registered under."""


class PartError(InputError):
    """A registered part raised, or gave back something of another kind. `part` names it: conv op 'plain'."""

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


@contextmanager
def blaming(part: str) -> Iterator[None]:
    """Whatever the block raises becomes a PartError that names `part`; MemoryError stays what it is."""
    try:
        yield
    except (PartError, MemoryError):
        raise
    except InputError as error:
        raise PartError(f"{part}: {error}", part) from error
    except Exception as error:
        raise PartError(f"{part}: {reason(error)}{_place(error)}", part) from error


def _place(error: Exception) -> str:
    """Where in a part's file an exception came from; nothing if our own code raised."""
    places = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("eatnas_tf.")
    ]
    inside = [line for file, line in places if file == places[0][0]]
    return f" ({Path(places[0][0]).name}, line {inside[-1]})" if inside else ""

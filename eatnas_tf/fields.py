"""Fields of JSON objects, in files that anybody may have edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eatnas_tf.errors import InputError

LARGEST = 1e100


def python_number(value: Any) -> Any:
    """The Python number of a NumPy scalar, or of an array or tensor of shape (); anything else as it is."""
    if getattr(value, "shape", None) != ():
        return value
    return (value if hasattr(value, "item") else value.numpy()).item()


class Kind(NamedTuple):
    """What a field may hold, and how a message calls that."""

    name: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    """A number whose square is one, too, as a deviation needs; no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


TEXT = Kind("text", lambda value: isinstance(value, str))
WHOLE = Kind("a whole number", lambda value: _is_number(value) and isinstance(value, int) and value >= 0)
NUMBER = Kind("a number", _is_number)
POSITIVE = Kind("a number above 0", lambda value: _is_number(value) and value >= 1 / LARGEST)
PART = Kind("a number above 0, at most 1", lambda value: POSITIVE.fits(value) and value <= 1)
NUMBER_OR_NAN = Kind("a number", lambda value: value != value or NUMBER.fits(value))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))


def optional(kind: Kind) -> Kind:
    """That kind, or null."""
    return Kind(f"{kind.name} or null", lambda value: value is None or kind.fits(value))


def list_of(kind: Kind) -> Kind:
    return Kind(
        f"a list of {kind.name}", lambda value: isinstance(value, list) and all(map(kind.fits, value))
    )


def field(found: Mapping[str, Any], name: str, kind: Kind) -> Any:
    """The value of a field. Raises InputError if there is none of that kind."""
    if name not in found:
        raise InputError(f"{name} is missing")
    if not kind.fits(found[name]):
        raise InputError(f"{name} is {found[name]!r:.60}; expected {kind.name}")
    return found[name]

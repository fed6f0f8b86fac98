"""Comma lists and pairs, as the flags of a space and a frame are written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from eatnas_tf.errors import InputError

Item = TypeVar("Item")
MOST = 10_000  # of a stride, or of layers


def items(flag: str, texts: Sequence[str], parse: Callable[[str], Item]) -> tuple[Item, ...]:
    """The parsed items of a list flag. Raises InputError; `parse` says by ValueError what it expects."""
    parsed = []
    for text in texts:
        try:
            parsed.append(parse(text.strip()))
        except ValueError as error:
            raise InputError(f"--{flag}: {text.strip()!r} is not {_expectation(error)}") from None
    if not parsed:
        raise InputError(f"--{flag}: the list is empty; give at least one value")
    return tuple(parsed)


def whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MOST:
        raise ValueError(f"a whole number from 1 to {MOST}")
    return int(text)


def natural(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ValueError("a whole number of at least 0, below a billion")
    return int(text)


def number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def span(flag: str, texts: Sequence[str] | None, parse: Callable[[str], Item]) -> tuple[Item, Item] | None:
    """`lo,hi` as two numbers, None for an empty or absent flag. Raises InputError."""
    if not texts:
        return None
    try:
        low, high = (parse(text) for text in texts)
    except ValueError:
        raise InputError(f"--{flag}: {','.join(texts)!r} is not LO,HI such as 8,16") from None
    if not low <= high:  # type: ignore[operator]
        raise InputError(f"--{flag}: {low} is more than {high}; expected LO,HI with LO at most HI")
    return low, high


def _expectation(error: ValueError) -> str:
    return str(error).partition(" is not ")[2] or str(error)

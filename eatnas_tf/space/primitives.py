"""Primitives: what a block is described by (arXiv 1901.05884, section 3.2)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeGuard

from eatnas_tf.errors import InputError

Value = str | int | float

_KEY = re.compile(r"[a-z]*")
_WORD = re.compile(r"[A-Za-z0-9.]+")


def positive_int(text: str) -> int:
    """A whole number from 1 to 999, written without sign or leading zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise ValueError("a whole number from 1 to 999")
    return int(text)


def natural(text: str) -> int:
    """A whole number from 0 to 999, written without sign or leading zero."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", text):
        raise ValueError("a whole number from 0 to 999")
    return int(text)


def zero_or_one(text: str) -> int:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return int(text)


def positive_float(text: str) -> float:
    """A finite decimal fraction above 0, written without sign or exponent."""
    if not re.fullmatch(r"[0-9]{1,19}(\.[0-9]{1,400})?", text) or not 0 < float(text) < math.inf:
        raise ValueError("a number above 0")
    return float(text)


def word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError("a word of letters, digits and dots")
    return text


@dataclass(frozen=True)
class Primitive:
    """One property of a block, with the values that a search may give it.

    `key` stands before the value in a code (`k` in `k3`); the one primitive of a block without a key comes
    first and bare (`mb6`). `parse` turns text into a value or raises ValueError naming what it expects.
    `default` is the value of codes that do not mention the primitive; without one, every block must.
    `rewrite`, for primitives that change a layer beyond the five of the paper, maps (specs of a layer, value)
    to new specs: see `eatnas_tf.layers`.

    Two primitives are equal when name and key are: choices belong to a space, not to an architecture.
    """

    name: str
    key: str
    choices: tuple[Value, ...] = field(compare=False)
    parse: Callable[[str], Value] = field(default=word, compare=False, repr=False)
    default: Value | None = field(default=None, compare=False)
    rewrite: Callable[..., Any] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InputError(
                f"primitive name {self.name!r} is not a word; use letters, digits and underscores"
            )
        if not _KEY.fullmatch(self.key):
            raise InputError(
                f"primitive {self.name}: key {self.key!r} is not a lower-case word such as 'k' or 'se'"
            )
        if not self.choices:
            raise InputError(f"primitive {self.name}: no choices; give at least one value")
        if len(set(self.choices)) < len(self.choices):
            raise InputError(f"primitive {self.name}: {_listed(self.choices)} names a value twice")
        for value in self.choices if self.default is None else (*self.choices, self.default):
            if self.value(self.text(value)) != value:
                raise InputError(f"primitive {self.name}: {value!r} does not survive being written and read")

    def value(self, text: str) -> Value:
        """The value that `text` (without the key) stands for. Raises InputError."""
        for word in filter(_has_underscore, (*self.choices, self.default)):
            if self.text(word) == text:
                return word
        try:
            return self.parse(text)
        except ValueError as error:
            raise InputError(f"{self.name}: {text!r} is not {error}") from None

    def text(self, value: Value) -> str:
        """`value` as it stands in a code behind the key: no exponent, no underscore, no dash.

        `_` parts the primitives of a code, so that a word such as `hard_swish` is written `hard.swish`.
        """
        if isinstance(value, str) and (value in self.choices or value == self.default):
            return value.replace("_", ".")
        return f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)

    def checked(self, value: Value) -> Value:
        """`value` in its canonical type. Raises InputError if no code can hold it."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InputError(f"{self.name}: {value!r} is not a word or a number")
        return self.value(self.text(value))

    def restricted(self, choices: tuple[Value, ...]) -> Primitive:
        """The same primitive with other choices, as a search's flags give them."""
        return replace(self, choices=tuple(self.checked(choice) for choice in choices))

    def refuse_unless_chosen(self, value: Value) -> None:
        if value not in self.choices:
            raise InputError(f"{self.name}: {self.text(value)} is not one of {_listed(self.choices)}")


def _has_underscore(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and "_" in value


def _listed(values: tuple[Value, ...]) -> str:
    return ", ".join(str(value) for value in values)


CONV = Primitive("conv", "", ("sep", "mb3", "mb6"))
KERNEL = Primitive("kernel", "k", (3, 5, 7), positive_int)
SKIP = Primitive("skip", "s", (0, 1), zero_or_one)
WIDTH = Primitive("width", "w", (0.5, 1.0, 1.5, 2.0), positive_float)
DEPTH = Primitive("depth", "d", (1, 2, 3, 4), positive_int)
STANDARD = (CONV, KERNEL, SKIP, WIDTH, DEPTH)

"""Architecture codes: blocks of primitives, and their text and JSON forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from eatnas_tf import registry
from eatnas_tf.errors import InputError, UnknownNameError
from eatnas_tf.space.primitives import STANDARD, Primitive, Value

NEEDS_PLUGINS = "one of your own needs --plugins"


class Change(NamedTuple):
    """One primitive of one block (counted from 1) that differs between two architectures."""

    block: int
    primitive: str
    old: Value | None
    new: Value | None


@dataclass(frozen=True)
class Block(Mapping[str, Value]):
    """One block: an immutable mapping from primitive name to value, in the order of its code."""

    items_: tuple[tuple[Primitive, Value], ...]

    @classmethod
    def of(cls, primitives: Sequence[Primitive], /, **values: Value) -> Block:
        """The block with `values` by primitive name; primitives not named take their default.

        Raises InputError for an unknown name, a value no code can hold, or a missing one without default.
        """
        unknown = sorted(values.keys() - {primitive.name for primitive in primitives})
        if unknown:
            known = ", ".join(primitive.name for primitive in primitives)
            raise UnknownNameError(f"no primitive {unknown[0]!r} among {known}; {NEEDS_PLUGINS}")
        items = []
        for primitive in primitives:
            if primitive.name in values:
                items.append((primitive, primitive.checked(values[primitive.name])))
            elif primitive.default is not None:
                items.append((primitive, primitive.default))
            else:
                raise InputError(f"{primitive.name} is missing; expected {_pattern(primitives)}")
        return cls(tuple(items))

    @classmethod
    def parse(cls, text: str, primitives: Sequence[Primitive]) -> Block:
        """The block of one token such as `mb6_k3_s1_w1.0_d2`; primitives with a default may be left out."""
        items: dict[str, tuple[Primitive, Value]] = {}
        for part in text.split("_"):
            primitive, value = _read(part, primitives, first=not items)
            if primitive.name in items:
                raise InputError(f"{primitive.name} is given twice; expected {_pattern(primitives)}")
            items[primitive.name] = (primitive, value)
        for primitive in primitives:
            if primitive.name not in items and primitive.default is None:
                raise InputError(f"{primitive.name} is missing; expected {_pattern(primitives)}")
        return cls(tuple(items[p.name] for p in primitives if p.name in items))

    def __getitem__(self, name: str) -> Value:
        for primitive, value in self.items_:
            if primitive.name == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (primitive.name for primitive, _ in self.items_)

    def __len__(self) -> int:
        return len(self.items_)

    def __str__(self) -> str:
        return "_".join(primitive.key + primitive.text(value) for primitive, value in self.items_)

    def replace(self, **values: Value) -> Block:
        """The same block with other values for some of its primitives."""
        unknown = values.keys() - set(self)
        if unknown:
            raise InputError(f"no primitive {min(unknown)!r} among {', '.join(self)}")
        return Block(
            tuple(
                (primitive, primitive.checked(values[primitive.name]) if primitive.name in values else value)
                for primitive, value in self.items_
            )
        )


@dataclass(frozen=True, repr=False)
class Architecture(Sequence[Block]):
    """A network's code: `Arch = (B_1 … B_n)` (arXiv 1901.05884, section 3.2)."""

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if not self.blocks:
            raise InputError("an architecture needs at least one block")

    def __repr__(self) -> str:
        return f"Architecture.parse({str(self)!r})"

    @classmethod
    def parse(cls, text: str, primitives: Sequence[Primitive] | None = None) -> Architecture:
        """The architecture of a text code, one token a block joined by `-`.

        Without `primitives`, the paper's five are read, and those of plugins where the code mentions one.
        `Architecture.parse(str(architecture)) == architecture`. Raises InputError naming block and primitive.
        """
        if primitives is None:
            primitives = _primitives_of(text)
        blocks = []
        for position, token in enumerate(text.strip().split("-"), start=1):
            try:
                blocks.append(Block.parse(token, primitives))
            except InputError as error:
                raise error.saying(f"block {position}, {error}") from None
        return cls(tuple(blocks))

    @classmethod
    def from_json(cls, text: str, primitives: Sequence[Primitive] | None = None) -> Architecture:
        """The architecture of a JSON list of objects, one a block: `[{"conv": "mb6", "kernel": 3, …}, …]`."""
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(f"{text[:40]!r} is not JSON; expected a list of objects, one a block") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{text[:40]!r} is not a list of objects; expected one object a block")
        blocks = []
        for position, row in enumerate(rows, start=1):
            try:
                blocks.append(Block.of(_primitives_named(row) if primitives is None else primitives, **row))
            except InputError as error:
                raise error.saying(f"block {position}, {error}") from None
        return cls(tuple(blocks))

    def to_json(self) -> str:
        return json.dumps([dict(block) for block in self.blocks])

    def __getitem__(self, index: Any) -> Any:
        return self.blocks[index]

    def __len__(self) -> int:
        return len(self.blocks)

    def __str__(self) -> str:
        return "-".join(str(block) for block in self.blocks)

    def replace(self, block: int, **values: Value) -> Architecture:
        """The same architecture with other values in its block at `block` (from 0)."""
        changed = self.blocks[block].replace(**values)
        return Architecture(self.blocks[:block] + (changed,) + self.blocks[block + 1 :])


def differences(old: Architecture, new: Architecture) -> tuple[Change, ...]:
    """Every primitive in which two architectures of equal length differ, in order."""
    return tuple(
        Change(position, name, before.get(name), after.get(name))
        for position, (before, after) in enumerate(zip(old, new, strict=True), start=1)
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def _read(part: str, primitives: Sequence[Primitive], first: bool) -> tuple[Primitive, Value]:
    """One part's primitive and value: first the keyless one, then the longest key that fits."""
    fitting = [
        p for p in primitives if part.startswith(p.key) and (p.key == "") == (first and _keyless(primitives))
    ]
    refusal: InputError | None = None
    for primitive in sorted(fitting, key=lambda p: -len(p.key)):
        try:
            return primitive, primitive.value(part[len(primitive.key) :])
        except InputError as error:
            refusal = refusal or error
    if refusal is not None and (first or not _may_be_a_plugins(part, primitives)):
        raise refusal
    raise UnknownNameError(f"{part!r} is no primitive; expected {_pattern(primitives)}; {NEEDS_PLUGINS}")


def _may_be_a_plugins(part: str, primitives: Sequence[Primitive]) -> bool:
    """Whether a part begins with a key that none of these has, such as `se` of `se4`, where `s` is known."""
    found = re.fullmatch("([a-z]+)[0-9.]+", part)
    return found is not None and all(primitive.key != found[1] for primitive in primitives)


def _keyless(primitives: Sequence[Primitive]) -> bool:
    return any(primitive.key == "" for primitive in primitives)


def _pattern(primitives: Sequence[Primitive]) -> str:
    return "_".join(f"{primitive.key}{primitive.name.upper()}" for primitive in primitives)


def _primitives_of(text: str) -> Sequence[Primitive]:
    """The five, with every plugin's when `text` has a part that the five cannot read."""
    try:
        for token in text.strip().split("-"):
            Block.parse(token, STANDARD)
    except InputError:
        return (*STANDARD, *_plugins())
    return STANDARD


def _primitives_named(row: Mapping[str, Value]) -> Sequence[Primitive]:
    unknown = row.keys() - {primitive.name for primitive in STANDARD}
    return (*STANDARD, *(plugin for plugin in _plugins() if plugin.name in unknown)) if unknown else STANDARD


def _plugins() -> list[Primitive]:
    standard = {primitive.name for primitive in STANDARD}
    return [plugin for plugin in registry.values("primitives") if plugin.name not in standard]

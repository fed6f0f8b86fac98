"""What a case is, and what is asked of every one."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from .damage import Files


class Case(NamedTuple):
    """A command with what it says: the whole of it, or how it begins if `…` ends it.

    `files` puts into the current folder what the command finds there; it is given a folder of sound ones.
    """

    binary: ModuleType
    arguments: tuple[str, ...]
    message: str
    files: Files = lambda sound: None


Row = tuple[list[str], str]


def table(binary: ModuleType, common: tuple[str, ...], *rows: Row) -> list[Case]:
    return [Case(binary, (*common, *arguments), message) for arguments, message in rows]


def numbered(subject: str, cases: list[Case]) -> pytest.MarkDecorator:
    """The test is of a case at a time, called `flags 1`, `flags 2` and so on."""
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=f"{subject} {number}") for number, case in enumerate(cases, start=1)]
    )


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file with its content and every folder; but not Python's cache of a plugin that was imported."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if "__pycache__" not in path.parts
    }


def message_of(case: Case, said: str) -> str:
    """The one line that was said, without the program's name."""
    assert said.endswith("\n")
    line = said.removesuffix("\n")
    assert line.isprintable()
    program, _, message = line.partition(": ")
    assert program == case.binary.__name__.rpartition(".")[2]
    return message


def check(case: Case, message: str) -> None:
    if case.message.endswith("…"):
        assert message.startswith(case.message.removesuffix("…"))
    else:
        assert message == case.message

"""All tables together."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from .harness import Case


def tables() -> Iterator[list[Case]]:
    """The table of every test module that has one."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = import_module(f".{file.stem}", __package__)
        if isinstance(found := getattr(module, "CASES", None), list):
            yield found


def test_there_are_hundreds_of_cases_and_no_two_alike() -> None:
    cases = [case for table in tables() for case in table]
    assert len(cases) >= 400
    plain = [case[:3] for case in cases if case.files is Case._field_defaults["files"]]
    assert len(set(plain)) == len(plain)

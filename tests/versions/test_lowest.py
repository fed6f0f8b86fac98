"""The oldest versions that are declared are those that are tested."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / "setup.py").is_file(), reason="needs a checkout")
def test_the_lower_bounds_of_setup_are_the_versions_that_are_tested() -> None:
    required = re.search(
        r"install_requires=\[(.+?)\n    \]", (ROOT / "setup.py").read_text(encoding="utf-8"), re.S
    )
    assert required is not None
    declared = dict(re.findall(r'"([\w-]+)>=([\d.]+)', required[1]))
    tested = dict(re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / "tests/versions/lowest.txt").read_text(), re.M))
    assert declared.keys() == tested.keys()
    for name, bound in declared.items():
        assert re.fullmatch(rf"{re.escape(bound)}(\.0)*", tested[name]), name

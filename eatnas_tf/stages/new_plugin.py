"""The skeleton of a package of parts: one of every kind, registered, with tests that pass."""

from __future__ import annotations

import importlib.util
import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.stages.workdir import refusing_write_errors

NAME = re.compile("[a-z][a-z0-9]*([-_][a-z0-9]+)*")
LONGEST = 60
FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "parts.py": "{module}.py",
    "test_parts.py": "tests/test_{module}.py",
}


def run(name: str, output: str | None) -> Path:
    """Writes the package `name` into the new folder `output`, by default one of its name, and returns that.

    Raises InputError for a name that no package, module and part can have, or a folder that exists.
    """
    values = _values(name)
    folder = Path(output or name)
    if folder.exists() or folder.is_symlink():
        raise InputError(f"--output={folder} exists; give a folder that does not")
    templates = resources.files("eatnas_tf.stages") / "plugin_skeleton"
    texts = {
        Path(place.format(**values)): Template((templates / f"{file}.template").read_text("utf-8"))
        for file, place in FILES.items()
    }
    with refusing_write_errors():
        for place, template in texts.items():
            _write(folder / place, template.substitute(values))
    return folder


def _values(name: str) -> dict[str, str]:
    """What the templates leave open. Raises InputError."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise InputError(
            f"{name!r} is not a package's name; use up to {LONGEST} small letters and digits with - or _ "
            "between, such as my-parts"
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module == "tests" or _is_taken(module):
        raise InputError(f"{name!r}: Python has a keyword or module {module!r} already; choose another name")
    letters, word = re.sub("[^a-z]", "", name), re.sub("[^a-z0-9]", "", name)
    return {"name": name, "module": module, "prefix": module, "op": f"{word}.plain", "key": f"{letters}act"}


def _is_taken(module: str) -> bool:
    """Whether a module can be imported by that name; a folder without code does not count."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def _write(path: Path, text: str) -> None:
    with durable.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

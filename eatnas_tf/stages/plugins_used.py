"""Which plugins a run used: kept in its config.json, named in messages, and never loaded from there.

A folder may be somebody else's, so that what it names is for a person to look at and to give by `--plugins`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from absl import logging

from eatnas_tf import registry
from eatnas_tf.errors import UnknownNameError

KEY = "plugins"
KINDS = ("files", "distributions", "handed_in")


def now() -> dict[str, Any]:
    """Files with their hashes, distributions with their versions, and parts handed in by a program."""
    return {
        "files": {os.path.abspath(path): digest for path, digest in registry.file_hashes().items()},
        "distributions": registry.distributions(),
        "handed_in": {
            f"{group} {name}": "" for group, parts in registry.handed_in().items() for name in parts
        },
    }


def merged(found: Mapping[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """The record of a run that goes on: what it used before and what it uses now. Warns of what changed."""
    before = _kept(found)
    _warn_of_changes(before, current)
    known = set(current["files"].values())
    files = {path: digest for path, digest in before["files"].items() if digest not in known}  # else it moved
    names = {Path(path).name for path in current["files"]}
    files = {path: digest for path, digest in files.items() if Path(path).name not in names}
    return {
        "files": {**files, **current["files"]},
        "distributions": {**before["distributions"], **current["distributions"]},
        "handed_in": {**before["handed_in"], **current["handed_in"]},
    }


def _warn_of_changes(before: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    hashes = {Path(path).name: digest for path, digest in before["files"].items()}
    for path, digest in current["files"].items():
        if digest != hashes.get(Path(path).name, digest) and digest not in before["files"].values():
            logging.warning("%s has changed since this run began; what was measured before is kept", path)
    for name, version in current["distributions"].items():
        old = before["distributions"].get(name, version)
        if old != version:
            logging.warning(
                "%s was %s when this run began, now %s; what was measured before is kept", name, old, version
            )


@contextmanager
def named(*folders: Path | str | None) -> Iterator[None]:
    """An unknown part in the block is refused with the plugins that a run in one of `folders` used."""
    try:
        yield
    except UnknownNameError as error:
        for folder in folders:
            advice = "" if folder is None else missing(Path(folder))
            if advice and advice not in str(error):
                raise error.saying(f"{error}; {advice}") from None
        raise


def missing(folder: Path) -> str:
    """What to give for the plugins that a run in `folder` used and this process does not have; else empty."""
    try:
        content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    before, current = _kept(content), now()
    files = [path for path, digest in before["files"].items() if digest not in current["files"].values()]
    gone = [name for name in before["distributions"] if name not in current["distributions"]]
    handed = [name for name in before["handed_in"] if name not in current["handed_in"]]
    ways = [f"--plugins={','.join(files)}"] if files else []
    ways += [f"the package {name} {before['distributions'][name]} installed" for name in gone]
    ways += [f"{', '.join(handed)} handed in by eatnas_tf.registry.add"] if handed else []
    return f"the run in {folder} had {' and '.join(ways)}" if ways else ""


def _kept(content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The record in a config.json, which anybody may have edited; empty where it is none."""
    record = content.get(KEY) if isinstance(content, Mapping) else None
    found = record if isinstance(record, Mapping) else {}
    return {kind: _texts(found.get(kind)) for kind in KINDS}


def _texts(value: Any) -> dict[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}

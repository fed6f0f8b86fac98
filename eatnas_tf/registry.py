"""Plugins: what is registered under the entry-point groups `eatnas_tf.*`, the built-in parts among them.

Listing names imports nothing, and a part is loaded when it is asked for. Parts of a file named by `--plugins`
come beside the installed ones: `add_file` reads its dict `{"mutations": {"name": function}, …}`.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import os
import sys
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from absl import logging

from eatnas_tf import paths
from eatnas_tf.errors import InputError, UnknownNameError, reason

SINGULAR = {
    "mutations": "mutation",
    "perturbations": "perturbation",
    "conv_ops": "conv op",
    "primitives": "primitive",
    "objectives": "objective",
    "strategies": "strategy",
}
GROUPS = tuple(SINGULAR)

Parts = dict[str, dict[str, Any]]

_added: Parts = {group: {} for group in GROUPS}
_handed_in: set[tuple[str, str]] = set()
_files: list[str] = []
_hashes: dict[str, str] = {}  # of what was read, by path
_of_files: set[tuple[str, str]] = set()


def names(group: str) -> list[str]:
    """The names registered in a group, sorted."""
    return sorted({*_installed(group), *_added[group]})


def get(group: str, name: str) -> Any:
    """The part registered under `name`.

    Raises UnknownNameError with the nearest name, or InputError if two distributions claim it or it does not
    load.
    """
    if name in _added[group]:
        return _added[group][name]
    claims = _installed(group).get(name, ())
    if not claims:
        raise UnknownNameError(_miss(group, name))
    if len(claims) > 1:
        owners = " and ".join(sorted(_owner(claim) for claim in claims))
        raise InputError(f"{group} {name!r} is registered by {owners}; uninstall one of them")
    return _load(group, claims[0])


def values(group: str) -> list[Any]:
    """Every part of a group that loads; one that does not is named in a warning."""
    loaded = []
    for name in names(group):
        try:
            loaded.append(get(group, name))
        except InputError as error:
            logging.warning("%s; ignored", error)
    return loaded


def is_strange(group: str, name: str) -> bool:
    """Whether somebody else than eatnas_tf registered the part."""
    claims = _installed(group).get(name, ())
    return name in _added[group] or any(not _is_ours(claim) for claim in claims)


def file_of(part: Any) -> str | None:
    """The file of a part's code, None where that cannot be told."""
    while isinstance(part, partial):
        part = part.func
    code = getattr(inspect.unwrap(part), "__code__", None)
    return code.co_filename if code else None


def add(group: str, name: str, part: Any) -> None:
    """Registers a part for this process and its workers; one that was handed in before is replaced.

    Raises InputError if it is none, or if an installed part, or one of a file, has the name.
    """
    if (group, name) in _handed_in:
        _added[group][name] = _fitting(group, name, part)
    else:
        _register(group, name, part)
        _handed_in.add((group, name))


def _register(group: str, name: str, part: Any) -> None:
    if group not in GROUPS:
        raise InputError(f"no plugin group {group!r} among {', '.join(GROUPS)}")
    if name in names(group) and _added[group].get(name) is not part:
        raise InputError(f"{group} {name!r} is registered already; choose another name")
    _added[group][name] = _fitting(group, name, part)


def handed_in() -> Parts:
    """The parts that `add` took, for another process to take them too."""
    return {
        group: {name: part for name, part in parts.items() if (group, name) in _handed_in}
        for group, parts in _added.items()
    }


def files() -> tuple[str, ...]:
    """The paths that `add_file` took, for another process to take them too."""
    return tuple(_files)


def file_hashes() -> dict[str, str]:
    """The SHA-256 of every file that `add_file` took, by its path."""
    return {path: _hashes[path] for path in _files}


def of_files() -> list[tuple[str, str]]:
    """Group and name of the parts that files gave."""
    known = [(group, name) for group, name in _of_files if name in names(group)]
    return sorted(known, key=lambda part: (GROUPS.index(part[0]), part[1]))


def distributions() -> dict[str, str]:
    """Name and version of the other distributions that register parts."""
    points = [point for group in GROUPS for claims in _installed(group).values() for point in claims]
    return {point.dist.name: point.dist.version for point in points if point.dist and not _is_ours(point)}


def add_file(path: str) -> None:
    """Registers the parts of a Python file: its one dict whose keys are plugin groups.

    A part that a distribution registers from the very same source is left to it.
    """
    path = paths.local("--plugins", path)
    spec = importlib.util.spec_from_file_location(f"eatnas_tf_plugins_{Path(path).stem}", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise InputError(f"--plugins={path}: no such Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(f"--plugins={path} does not load: {reason(error)}") from error
    tables = [
        value
        for name, value in vars(module).items()
        if not name.startswith("_") and isinstance(value, dict) and value and set(value) <= set(GROUPS)
    ]
    if len(tables) != 1:
        raise InputError(
            f"--plugins={path}: {len(tables)} dicts of parts; expected one such as "
            '{"mutations": {"name": function}} with keys among ' + ", ".join(GROUPS)
        )
    for group, parts in tables[0].items():
        if not isinstance(parts, dict) or not all(isinstance(name, str) for name in parts):
            raise InputError(f"--plugins={path}: {group} is not a dict from names to parts")
        for name, part in parts.items():
            if not _is_installed_from(path, group, name):
                _register_of_file(path, group, name, part)
            _of_files.add((group, name))
    _hashes[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    _files.append(path)


def _register_of_file(path: str, group: str, name: str, part: Any) -> None:
    """Raises InputError, naming the distribution if one has another part of that name."""
    strangers = [claim for claim in _installed(group).get(name, ()) if not _is_ours(claim)]
    if strangers:
        owner = _owner(strangers[0])
        raise InputError(
            f"--plugins={path}: {group} {name!r} is also registered by the installed {owner}, from another "
            f"source; leave out --plugins, or uninstall {owner}"
        )
    _register(group, name, part)


def _is_installed_from(path: str, group: str, name: str) -> bool:
    """Whether the part comes from an installed module whose source is that of the file."""
    for claim in _installed(group).get(name, ()):
        try:
            spec = importlib.util.find_spec(claim.module)
        except (ImportError, ValueError):
            continue
        if spec is not None and spec.origin and os.path.isfile(spec.origin):
            return Path(spec.origin).read_bytes() == Path(path).read_bytes()
    return False


@cache
def _installed(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Entry points by name; a distribution seen twice on the path counts once."""
    distinct = {
        (point.name, point.value, _owner(point)): point for point in entry_points(group=f"eatnas_tf.{group}")
    }
    table: dict[str, tuple[EntryPoint, ...]] = {}
    for point in distinct.values():
        table[point.name] = (*table.get(point.name, ()), point)
    return table


def _is_ours(point: EntryPoint) -> bool:
    return _owner(point).replace("-", "_") == "eatnas_tf"


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed distribution"


@cache
def _load(group: str, point: EntryPoint) -> Any:
    try:
        part = point.load()
    except Exception as error:
        raise InputError(
            f"{group} {point.name!r} of {_owner(point)} does not load: {reason(error)}"
        ) from error
    return _fitting(group, point.name, part)


def _fitting(group: str, name: str, part: Any) -> Any:
    """The part. Raises InputError if it is no function, or (by its looks) no Primitive."""
    primitive = all(hasattr(part, attribute) for attribute in ("name", "key", "choices"))
    if primitive if group == "primitives" else callable(part):
        return part
    expected = "a Primitive" if group == "primitives" else "a function"
    raise InputError(f"{group} {name!r} is {part!r:.60}; expected {expected}")


def _miss(group: str, name: str) -> str:
    known = names(group)
    if not any(_is_ours(point) for points in _installed(group).values() for point in points):
        return (
            f"eatnas_tf's own {group} are not installed; reinstall: pip install --force-reinstall --no-deps ."
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = "one of your own needs --plugins" + (f"; did you mean {near[0]!r}?" if near else "")
    return f"no {SINGULAR[group]} {name!r} among {', '.join(known)}; {hint}"

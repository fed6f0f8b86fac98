"""Work folders: settings that must not change, the lock, and the files a person reads."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import eatnas_tf
from eatnas_tf import durable
from eatnas_tf.configs import RuntimeConfig, settings
from eatnas_tf.errors import InputError, reason
from eatnas_tf.network.weight_store import WeightFolder
from eatnas_tf.stages import plugins_used
from eatnas_tf.stages.locking import Held, locked
from eatnas_tf.stages.temporary import files_in

SCHEMA = 1
OVERRIDES = "overrides"  # in config.json: what was given instead of what the stage before had
OURS = (
    "journal.jsonl",
    "best.json",
    "channels.json",
    "weights",
    "failures",
    "model.keras",
    "weights.npz",
    "tensorboard",
    "hparams",
)
TEMPORARY = "tmp"  # in a work folder: temporary files, removed at the end and by the next run
CAPS = ("cycles", "patience")  # may grow between two runs on the same folder
FREE = (
    "from",  # a folder may move; that it holds the same is seen when the journal is read
    "workers",
    "max_hours",
    "pictures_every",
)
HANDED_IN_OTHERS = (
    "{path} has seen other images than those that were handed in: hand in the same ones in the same order "
    "(a tf.data.Dataset unshuffled), or use another work folder"
)
REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "make it writable"),
}


@dataclass(frozen=True)
class Workdir:
    """A stage's folder. Only `opened` makes one to write in; `finished` reads another stage's result."""

    path: Path
    boards: Path | None = None  # the folder, above `path`, that collects the boards of several stages

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def tensorboard(self) -> Path:
        return self._board("tensorboard")

    @property
    def hparams(self) -> Path:
        """TensorBoard's log folder of a search's candidates, a run each."""
        return self._board("hparams")

    def _board(self, kind: str) -> Path:
        if self.boards is None:
            return self.path / kind
        return self.boards / kind / self.path.relative_to(self.boards)

    @property
    def model(self) -> Path:
        return self.path / "model.keras"

    @property
    def weights(self) -> Path:
        """The result's weights (of a retraining)."""
        return self.path / "weights.npz"

    @property
    def weights_folder(self) -> Path:
        return self.path / "weights"

    @property
    def store(self) -> WeightFolder:
        """The weights of candidates."""
        return WeightFolder(self.weights_folder)

    def checkpoint_of(self, number: int) -> Path:
        """Where a retraining's network stands after its last whole epoch."""
        return self.weights_folder / f"{number:06d}.checkpoint.npz"

    def failure_of(self, number: int) -> Path:
        """The traceback of a candidate whose evaluation raised."""
        return self.path / "failures" / f"{number:06d}.txt"

    def write(self, name: str, content: dict[str, Any]) -> None:
        """A JSON file, replaced as a whole."""
        durable.write(
            self.path / name, lambda file: file.write(f"{json.dumps(content, indent=2)}\n".encode())
        )

    def read(self, name: str) -> dict[str, Any]:
        """Raises InputError if the file is missing or is no JSON object of our schema."""
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; expected the work folder of an earlier stage") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"{path}: cannot be read ({reason(error)}); restore it or use another folder"
            ) from None
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise InputError(
                f"{path}: not written by a version that this one reads (schema {SCHEMA}); "
                "use the version of eatnas_tf that wrote it"
            )
        return content


Check = Callable[[Workdir], object]


@contextmanager
def opened(
    stage: str,
    config: Any,
    runtime: RuntimeConfig,
    check: Check = lambda workdir: None,
    fingerprint: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Iterator[Workdir]:
    """The folder of `runtime`, locked while the block runs, its config.json written or found to agree.

    `overrides` are recorded there, too: what was given instead of what the stage before had.

    Raises InputError if another run holds it, if it belongs to another stage, naming the first setting that
    changed, or if the dataset had another `fingerprint`; larger caps are taken over. `check` raises
    InputError if what an earlier run left there is of no use. Nothing is written before all of that is seen.
    What cannot be written in there is an InputError, too, whoever writes it: what the journal holds is on the
    disk by then, and the next run goes on from that.
    """
    workdir = Workdir(Path(runtime.workdir), None if runtime.boards is None else Path(runtime.boards))
    wanted = _settings(config, runtime)
    with refusing_write_errors():
        found = agreeing(stage, config, runtime, check, fingerprint)
        known = fingerprint or (found or {}).get("fingerprint")
        with _locked(workdir), files_in(workdir.path / TEMPORARY):
            facts = {
                "stage": stage,
                "settings": wanted,
                "fingerprint": known,
                plugins_used.KEY: plugins_used.merged(found or {}, plugins_used.now()),
                OVERRIDES: {name: pair._asdict() for name, pair in (overrides or {}).items()},
            }
            if found is None or any(found.get(name) != fact for name, fact in facts.items()):
                workdir.write("config.json", _record(facts))
            yield workdir


@contextmanager
def refusing_write_errors() -> Iterator[None]:
    """What the block cannot write is an InputError, which says what and how to go on."""
    try:
        yield
    except durable.WriteError as error:
        remedy = REMEDIES.get(error.errno or 0, "put that right")
        raise InputError(
            f"{error.filename}: cannot be written ({error.strerror}); "
            f"nothing that is finished is lost: {remedy} and repeat the command"
        ) from error


@contextmanager
def _locked(workdir: Workdir) -> Iterator[None]:
    """Makes the folder, and holds its lock while the block runs."""
    with ExitStack() as stack:
        try:
            workdir.weights_folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(workdir.path / "lock"))
        except Held as held:
            raise _at_work(workdir.path, held) from None
        except OSError as error:
            raise _unusable(workdir.path, error) from None
        yield


def _at_work(path: Path, held: Held) -> InputError:
    if held.file is None:
        return InputError(
            f"--workdir={path}: another run is at work there; wait for it or use another folder"
        )
    return InputError(
        f"--workdir={path}: another run ({held.owner or 'unknown'}) is at work there; wait for it or use "
        f"another folder; if it has ended, delete {held.file}"
    )


def _unusable(path: Path, error: OSError) -> InputError:
    return InputError(f"--workdir={path}: cannot be written ({error.strerror}); give a folder that can be")


def agreeing(
    stage: str,
    config: Any,
    runtime: RuntimeConfig,
    check: Check = lambda workdir: None,
    fingerprint: str | None = None,
) -> dict[str, Any] | None:
    """The folder's config.json, None without one. Raises InputError as `opened` does; writes nothing.

    Without a `fingerprint`, or in a folder of a version that kept none, the data are not compared.
    """
    workdir = Workdir(Path(runtime.workdir))
    try:
        exists = (workdir.path / "config.json").exists()
    except OSError as error:
        raise _unusable(workdir.path, error) from None
    _refuse_own_source(workdir.path, _settings(config, runtime).get("from"))
    if not exists:
        _refuse_others_files(workdir.path)
        return None
    found = _completed(workdir.read("config.json"), config)
    _refuse_change(workdir.path, found, stage, _settings(config, runtime))
    _refuse_other_data(workdir.path, found, fingerprint)
    check(workdir)
    return found


def keep_settings(root: Path, name: str, wanted: dict[str, dict[str, Any]]) -> None:
    """Writes the settings of what has stages in folders below `root`, or finds them to agree.

    Raises InputError naming the first one that changed.
    """
    workdir = Workdir(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        exists = (root / name).exists()
    except OSError as error:
        raise _unusable(root, error) from None
    if exists:
        _refuse_change_below(root / name, workdir.read(name).get("settings"), _plain(wanted))
        return
    with refusing_write_errors():
        workdir.write(name, _record({"settings": wanted}))


def _record(facts: dict[str, Any]) -> dict[str, Any]:
    """What a file of settings holds: facts, versions and the command."""
    return {
        "schema": SCHEMA,
        **facts,
        "versions": _versions(),
        "command": sys.argv,
    }


def _refuse_change_below(path: Path, found: Any, wanted: dict[str, Any]) -> None:
    """As `_refuse_change`, of settings that lie in groups."""
    if not isinstance(found, dict):
        raise InputError(f"{path} has no settings; restore it or use another folder")
    for group, new in wanted.items():
        old = found.get(group)
        if not isinstance(old, dict):
            raise InputError(f"{path} has no settings for {group}; restore it or use another folder")
        for name in new:
            if name not in FREE and name in old and old[name] != new[name]:
                raise _changed(name, old[name], new[name], f"for {group} in {path}")


def _settings(config: Any, runtime: RuntimeConfig) -> dict[str, Any]:
    found = _plain({**settings(config), **settings(runtime)})
    return {name: value for name, value in found.items() if name not in ("workdir", "boards")}


def _refuse_own_source(path: Path, source: str | None) -> None:
    if source is not None and os.path.realpath(source) == os.path.realpath(path):
        raise InputError(f"--from and --workdir are the same folder, {path}; give another --workdir")


def _refuse_others_files(path: Path) -> None:
    """Raises InputError if a folder that is not known to be a stage's has what a stage would write over."""
    for name in OURS:
        place = path / name
        if os.path.isfile(place) or (os.path.isdir(place) and os.listdir(place)):
            raise InputError(
                f"--workdir={path} has a {name} but no config.json of a stage; "
                "restore that or use another folder"
            )


def _completed(found: dict[str, Any], config: Any) -> dict[str, Any]:
    """An older version's config.json with the defaults of the settings that it did not know yet."""
    if not isinstance(found.get("settings"), dict):
        return found
    return {**found, "settings": {**_plain(settings(type(config)())), **found["settings"]}}


def _refuse_change(path: Path, found: dict[str, Any], stage: str, wanted: dict[str, Any]) -> None:
    if found.get("stage") != stage:
        raise InputError(f"--workdir={path} holds a {found.get('stage')}, not a {stage}; use another folder")
    old_settings = found.get("settings")
    if not isinstance(old_settings, dict):
        raise InputError(f"{path / 'config.json'} has no settings; restore it or use another folder")
    for name in dict.fromkeys((*old_settings, *wanted)):
        old, new = old_settings.get(name), wanted.get(name)
        if old != new and name not in FREE and not (name in CAPS and _raised(old, new)):
            if name == "dataset" and str(old).startswith("given:"):
                raise InputError(HANDED_IN_OTHERS.format(path=path))
            raise _changed(
                name, old, new, f"in {path}", "may only be raised" if name in CAPS else "cannot change"
            )


def _refuse_other_data(path: Path, found: dict[str, Any], fingerprint: str | None) -> None:
    """Raises InputError if the dataset changed since the folder's first run: it would see other images."""
    if None in (fingerprint, found.get("fingerprint")) or found["fingerprint"] == fingerprint:
        return
    dataset = str(found["settings"].get("dataset"))
    if dataset.startswith("given:"):
        raise InputError(HANDED_IN_OTHERS.format(path=path))
    raise InputError(
        f"--dataset={dataset}: its data changed since the first run in {path}; "
        "restore the data, or use another --workdir"
    )


def _changed(name: str, old: Any, new: Any, where: str, may: str = "cannot change") -> InputError:
    return InputError(
        f"--{name}: {_text(old)} {where}, now {_text(new)}; it {may} there: "
        "use another --workdir or the old value"
    )


def _raised(old: Any, new: Any) -> bool:
    return isinstance(old, int) and isinstance(new, int) and new > old


def _plain(value: Any) -> Any:
    """As JSON would give it back."""
    return json.loads(json.dumps(value))


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _versions() -> dict[str, str]:
    packages = {
        name: metadata.version(name) for name in ("tensorflow", "keras", "numpy", "tensorflow-datasets")
    }
    return {"eatnas_tf": eatnas_tf.__version__, "python": platform.python_version(), **packages}

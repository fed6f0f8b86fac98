"""Disks that fill up and folders that cannot be written to: a run says so and ends, the next one goes on."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

from benchmarks.faults import checks, mounts
from benchmarks.faults.lab import POLL, Lab
from benchmarks.faults.mounts import PAGE
from benchmarks.faults.small_search import (
    EVALUATIONS,
    FRAME,
    LIMITS,
    Ended,
    Search,
    ended,
    whole_lines,
)
from benchmarks.faults.trial import Trial
from eatnas_tf.network import class_names, weight_file

FULL, READ_ONLY, DENIED = "No space left on device", "Read-only file system", "Permission denied"
SAYS = "the run ends with exit code 2 and says in one line what could not be written"
WHOLE = "the journal stays whole, and nothing half-written is left"
SMALL_FILES = 3  # config.json, best.json and the journal take a page each
GOES_ON = "the same command goes on to the journal of an uninterrupted search"


def full_disk(lab: Lab, trial: Trial) -> None:
    """The disk fills up: before the first file, before the journal's header, while weights are written."""
    if _cannot_mount(trial):
        return
    with mounts.disk(lab.folder / trial.fault) as disk:
        search = Search(disk.folder / "run")
        search.path.mkdir()
        with mounts.disk(search.path / "tmp", kept=False):
            disk.leave(0)
            _refused(trial, search, search.run(), "config.json", FULL)
            disk.leave(1)
            _refused(trial, search, search.run(), "journal.jsonl", FULL)
            _not_drawn(search)
            disk.leave(_room_for_some(lab))
            _refused(trial, search, search.run(), "weights", FULL)
            trial.holds("it has filled up in the middle", _in_the_middle(search))
            disk.clear()
            _goes_on(lab, trial, search)


def full_disk_workers(lab: Lab, trial: Trial) -> None:
    """The disk fills up while a worker writes the weights of the last candidate."""
    if _cannot_mount(trial):
        return
    with mounts.disk(lab.folder / trial.fault) as disk:
        search = replace(lab.nearly_finished(disk.folder / "run"), workers=lab.workers)
        journal = search.journal()
        _not_drawn(search)
        with mounts.disk(search.path / "tmp", kept=False):
            disk.leave(2)  # best.json is written anew beside the old one
            _refused(trial, search, search.run(), "weights", FULL)
            disk.clear()
            trial.holds("the same command goes on", checks.well(search.run()))
        trial.holds("no line is lost or changed", checks.kept(journal, search.journal()))
        trial.holds("every candidate has one line", checks.once_each(search.lines(), EVALUATIONS))
        trial.holds("journal, best.json and weights agree", checks.consistent(search, LIMITS))


def full_journal(lab: Lab, trial: Trial) -> None:
    """There is room for weights, but only for a part of the journal's second line."""
    if _cannot_mount(trial):
        return
    with mounts.disk(lab.folder / trial.fault) as disk:
        search = Search(disk.folder / "run")
        search.path.mkdir()
        shutil.copy(lab.reference.path / "config.json", search.path)
        search.workdir.journal.write_bytes(_header_before(whole_lines(lab.reference.journal())[1]))
        _not_drawn(search)
        with mounts.disk(search.path / "weights", kept=False):
            with _at_first_line(search) as process:
                disk.leave(0)
                done = ended(process)
            _refused(trial, search, done, "journal.jsonl", FULL)
            trial.holds("the line before it is the last", checks.count(search.lines(), 1))
            disk.clear()
            _goes_on(lab, trial, search)


def full_export(lab: Lab, trial: Trial) -> None:
    """A retraining's disk fills up when its network is trained, before the model is exported."""
    if _cannot_mount(trial):
        return
    flags = (*FRAME, f"--from={lab.reference.path}", "--top_k=1", "--epochs=1")
    with mounts.disk(lab.folder / trial.fault) as disk:
        retraining = Search(disk.folder / "run", binary="retrain", flags=flags)
        with _at_first_line(retraining) as process:
            disk.leave(0)
            done = ended(process)
        _refused(trial, retraining, done, "model.keras", FULL)
        journal = retraining.journal()
        disk.clear()
        trial.holds("the same command goes on after its last network", checks.well(retraining.run()))
        trial.holds("the network is not trained again", checks.same_bytes(retraining.journal(), journal))
        trial.holds("the model and its weights are whole", _exported(retraining))


def read_only(lab: Lab, trial: Trial) -> None:
    """The folder is read-only before a new search, before one goes on, and from the middle of one on."""
    if mounts.allowed():
        with mounts.disk(lab.folder / trial.fault) as disk:
            search = lab.nearly_finished(disk.folder / "run")
            disk.lock()
            for stopped in (search, Search(disk.folder / "new")):
                _refused(trial, stopped, stopped.run(), f"--workdir={stopped.path}", READ_ONLY)
    elif os.geteuid() == 0:
        trial.refusal = mounts.NEEDS
        return
    search = lab.search(f"{trial.fault}-from-the-middle-on")
    with _at_first_line(search) as process, _locked(search.path / "weights"):
        done = ended(process)
    _refused(trial, search, done, "weights", READ_ONLY if mounts.allowed() else DENIED)
    _goes_on(lab, trial, search)


def _cannot_mount(trial: Trial) -> bool:
    if not mounts.allowed():
        trial.refusal = mounts.NEEDS
    return not mounts.allowed()


def _refused(trial: Trial, search: Search, done: Ended, what: str, why: str) -> None:
    trial.tries += 1
    trial.holds(SAYS, checks.refused(done, what, why))
    left = search.partials() if search.path.exists() else []
    trial.holds(WHOLE, [*checks.whole(search.journal()), *(f"{name} is left over" for name in left)])


def _goes_on(lab: Lab, trial: Trial, search: Search) -> None:
    done = search.run()
    problems = checks.well(done) or checks.same(search.lines(), lab.reference.lines())
    trial.holds(GOES_ON, problems or checks.same_results(search, lab.reference))


def _not_drawn(search: Search) -> None:
    """Lets TensorBoard take no room, which is then left for what has to be written."""
    for folder in (search.workdir.tensorboard, search.workdir.hparams):
        shutil.rmtree(folder, ignore_errors=True)
        folder.touch()


def _pages(search: Search) -> int:
    """Pages of the largest weights."""
    return max(-(-file.stat().st_size // PAGE) for file in (search.path / "weights").iterdir())


def _room_for_some(lab: Lab) -> int:
    """Pages for the small files, and for the weights of some of a population and its first child."""
    return SMALL_FILES + 5 * _pages(lab.reference) // 2


def _in_the_middle(search: Search) -> list[str]:
    count = len(search.lines())
    return [] if 0 < count < EVALUATIONS else [f"after {count} candidates"]


def _header_before(line: bytes) -> bytes:
    """A journal's header, so long that a line like this one fits into its page, and half of the next one."""
    header = json.dumps({"schema": 1}).encode()
    return header.ljust(PAGE - len(line) - len(line) // 2) + b"\n"


@contextmanager
def _at_first_line(search: Search) -> Iterator[Popen]:
    """A process of the search, when its first candidate's line is in the journal."""
    with search.started() as process:
        while process.poll() is None and not search.lines():
            time.sleep(POLL)
        yield process


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """While the block runs, nothing can be written in a folder."""
    if mounts.allowed():
        with mounts.read_only(folder):
            yield
        return
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


def _exported(retraining: Search) -> list[str]:
    weight_file.load(retraining.workdir.weights)
    classes, best = class_names.read(retraining.workdir.model), retraining.best()
    return [] if classes == best["classes"] else [f"classes {classes}"]

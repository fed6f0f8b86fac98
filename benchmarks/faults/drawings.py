"""What only a person looks at, and cannot be written: it never ends a search."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.faults import checks, mounts
from benchmarks.faults.lab import Lab
from benchmarks.faults.small_search import Ended, Search
from benchmarks.faults.trial import Trial

WARNING = "TensorBoard: cannot write"
FULL = Path("/dev/full")  # whatever is written to it meets a full disk


def tensorboard(lab: Lab, trial: Trial) -> None:
    """A file lies in its folder's place; where one may mount, the folder is read-only."""
    blocked = lab.nearly_finished(f"{trial.fault}-file")
    shutil.rmtree(blocked.workdir.tensorboard)
    blocked.workdir.tensorboard.write_text("a file", encoding="utf-8")
    _ends_well(lab, trial, blocked, blocked.run(), times=1)
    if not mounts.allowed():
        return
    locked = lab.nearly_finished(f"{trial.fault}-read-only")
    with mounts.read_only(locked.workdir.tensorboard):
        _ends_well(lab, trial, locked, locked.run(), times=1)


def terminal(lab: Lab, trial: Trial) -> None:
    """Progress and warnings go to a full disk."""
    if not FULL.exists():
        trial.refusal = f"needs {FULL}"
        return
    search = lab.nearly_finished(trial.fault)
    with FULL.open("w", encoding="utf-8") as full:
        done = search.run(stderr=full)
    _ends_well(lab, trial, search, done, times=0)


def _ends_well(lab: Lab, trial: Trial, search: Search, done: Ended, times: int) -> None:
    trial.tries += 1
    trial.holds("the search ends well", checks.well(done))
    trial.holds("its journal is the reference's", checks.same(search.lines(), lab.reference.lines()))
    trial.holds(f"warnings about it: {times}", checks.warned(done, WARNING, times))

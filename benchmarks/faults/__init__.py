"""Faults that a search has to survive, each tried on whole processes of a small one.

A fault is a function that tries it in a `Lab` and takes down in a `Trial` what held; a line in FAULTS enters
it.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable

from benchmarks.faults import clock, disks, drawings, files, kills
from benchmarks.faults.lab import Lab, say
from benchmarks.faults.trial import Trial

Fault = Callable[[Lab, Trial], None]
FAULTS: dict[str, Fault] = {
    "kills_alone": kills.alone,
    "kills_parallel": kills.parallel,
    "full_disk": disks.full_disk,
    "full_disk_workers": disks.full_disk_workers,
    "full_journal": disks.full_journal,
    "full_export": disks.full_export,
    "read_only": disks.read_only,
    "torn_journal": files.torn_journal,
    "corrupt_journal": files.corrupt_journal,
    "lost_weights": files.lost_weights,
    "jumping_clock": clock.jumping_clock,
    "tensorboard": drawings.tensorboard,
    "terminal": drawings.terminal,
}


def tried(name: str, lab: Lab) -> Trial:
    """The fault's trial. What it raises, such as a file that is missing, is a claim that does not hold."""
    trial, begun = Trial(name), time.monotonic()
    say(f"{name}: {(FAULTS[name].__doc__ or '').strip()}")
    try:
        FAULTS[name](lab, trial)
    except Exception as error:
        trial.holds("the fault can be tried to its end", traceback.format_exception_only(error))
        say(traceback.format_exc())
    trial.seconds = time.monotonic() - begun
    say(f"{name}: {trial.verdict}, {trial.seconds:.0f} s")
    return trial

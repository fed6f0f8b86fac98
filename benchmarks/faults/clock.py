"""A clock that jumps back and forth by hours while a search runs."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.faults import checks
from benchmarks.faults.lab import Lab
from benchmarks.faults.trial import Trial

HOUR = 3600
JUMPS = '''"""Imported by every process: whoever asks for the time is told one within half a day of it."""
import random, time

true, true_ns, draw = time.time, time.time_ns, random.Random(0)
time.time = lambda: true() + draw.uniform(-43200, 43200)
time.time_ns = lambda: true_ns() + draw.randint(-43200, 43200) * 10**9
'''
LONGER = 3  # seconds that a search is given beyond what it took


def jumping_clock(lab: Lab, trial: Trial) -> None:
    """Once with an hour to spare, once with hours that end the search."""
    jumpy = {"PYTHONPATH": str(_jumps(lab.folder / "jumps"))}
    trial.holds("the clock jumps", _steady(jumpy))
    search = replace(lab.search(trial.fault), environment=jumpy)
    begun = time.monotonic()
    done = search.run("--max_hours=1")
    taken = time.monotonic() - begun
    trial.holds("--max_hours does not end it before its time", checks.well(done))
    trial.holds("the journal is that of a steady clock", checks.same(search.lines(), lab.reference.lines()))
    trial.holds("seconds are sane", checks.sane_seconds(search.lines(), taken))
    paid = sum(line["seconds"] for line in search.lines())
    begun = time.monotonic()
    done = search.run("--cycles=100000", f"--max_hours={(paid + LONGER) / HOUR}")
    taken = time.monotonic() - begun
    trial.holds("--max_hours ends it in its time", checks.well(done) or _late(lab, taken, search.best()))
    trial.tries += 2


def _jumps(folder: Path) -> Path:
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(JUMPS, encoding="utf-8")
    return folder


def _steady(environment: dict[str, str]) -> list[str]:
    """A problem if a process in that environment has a clock that does not jump."""
    command = [sys.executable, "-c", "import time; print(abs(time.time() - time.time()))"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [] if float(done.stdout) > 1 else ["it does not"]


def _late(lab: Lab, taken: float, best: dict) -> list[str]:
    """The search was over because of its hours, and soon enough after them."""
    most = lab.pace.first_line + LONGER + 60
    problems = [] if taken < most else [f"it took {taken:.0f} s"]
    why = best["finished"] or "nothing"
    return problems if why.endswith("hours of --max_hours are over") else [*problems, f"it ended by {why}"]

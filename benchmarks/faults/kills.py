"""A search is killed at random moments, and resumed until it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from random import Random

from benchmarks.faults import checks, moments, processes
from benchmarks.faults.lab import Lab, say
from benchmarks.faults.small_search import EVALUATIONS, LIMITS, Ended, Search, ended
from benchmarks.faults.trial import Trial

FALSE_STARTS = "a worker died twice before it was ready"


def alone(lab: Lab, trial: Trial) -> None:
    """Half of the kills: one worker, so that the journal has to become that of the reference."""
    killer = Killer(lab, trial, workers=1, left=lab.kills - lab.kills // 2)
    while killer.left:
        search = killer.search_to_its_end()
        trial.holds(
            "the journal is that of an uninterrupted search",
            checks.same(search.lines(), lab.reference.lines()),
        )
        trial.holds(
            "best.json and the weights are those of an uninterrupted search",
            checks.same_results(search, lab.reference),
        )
        _hold_together(trial, search)


def parallel(lab: Lab, trial: Trial) -> None:
    """The other half: a search with workers, of which one is killed, or the main process."""
    if not processes.listed():
        trial.refusal = "needs /proc"
        return
    killer = Killer(lab, trial, workers=lab.workers, left=lab.kills // 2)
    while killer.left:
        search = killer.search_to_its_end()
        trial.holds(
            "a killed worker's candidate is tried again, or scores 0 with the reason",
            checks.failures_have_reasons(search.lines(), killer.workers_killed),
        )
        _hold_together(trial, search)


def _hold_together(trial: Trial, search: Search) -> None:
    trial.holds(
        "every candidate has one line: no one is lost or doubled",
        checks.once_each(search.lines(), EVALUATIONS),
    )
    trial.holds(
        "the journal replayed gives best.json and the weights on the disk, and nothing is left over",
        checks.consistent(search, LIMITS),
    )


@dataclass
class Killer:
    """Kills processes of searches until `left` is 0."""

    lab: Lab
    trial: Trial
    workers: int
    left: int
    searches: int = 0
    workers_killed: int = 0  # of the search at hand
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = self.lab.rng(self.trial.fault)

    def search_to_its_end(self) -> Search:
        """A new search, killed and resumed until it ends."""
        self.searches += 1
        self.workers_killed = 0
        search = self.lab.search(f"{self.trial.fault}-{self.searches}", workers=self.workers)
        while (done := self._run(search)) is None:
            self.trial.holds(
                "whoever is alive by the journal has weights", checks.living_have_weights(search)
            )
        self.trial.holds("the search ends by itself", checks.well(done))
        return search

    def _run(self, search: Search) -> Ended | None:
        """One process of it; None if it was killed, or gave up because its workers were."""
        begun, before, killed = time.monotonic(), moments.seen(search), self.workers_killed
        journal = before.journal
        with search.started() as process:
            while self.left and moments.come(moments.drawn(self.rng, self.lab.pace), process, search):
                journal = search.journal()
                victim = self._victim(process)
                if self._kill(victim, process):
                    what = moments.met(before, moments.seen(search), time.monotonic() - begun, self.lab.pace)
                    self._count(what if victim == process.pid else f"{what} (a worker)")
            done = ended(process)
            self.trial.holds("no process outlives the main one", processes.left_behind(process.pid))
        self.trial.holds("no line is lost or changed by a kill", checks.kept(journal, search.journal()))
        gave_up = FALSE_STARTS in done.said and self.workers_killed - killed > 1
        return None if done.code == -signal.SIGKILL or gave_up else done

    def _victim(self, process: subprocess.Popen) -> int:
        """The main process, or every other time one of its workers, if it has any."""
        workers = sorted(processes.workers(process.pid)) if self.workers > 1 else []
        return self.rng.choice(workers) if workers and self.rng.random() < 0.5 else process.pid

    def _kill(self, victim: int, process: subprocess.Popen) -> bool:
        """Whether the victim was still there to be killed."""
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return False
        if victim == process.pid:
            process.wait()
        else:
            self.workers_killed += 1
        return True

    def _count(self, what: str) -> None:
        self.left -= 1
        self.trial.tries += 1
        self.trial.hit[what] += 1
        say(f"{self.trial.fault}: killed, it met: {what}; {self.left} kills left")

"""Where faults are tried: a folder, a seed, and one search that nothing happens to."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from benchmarks.faults.small_search import Ended, Search, ended, whole_lines

POLL = 0.0005


@dataclass(frozen=True)
class Pace:
    """Seconds of an uninterrupted search: to start up, to its first line, from line to line, and in all."""

    start_up: float
    first_line: float
    candidate: float
    whole: float


@dataclass(frozen=True)
class Lab:
    """What every fault is handed. `reference` is the uninterrupted search, `pace` how fast that was."""

    folder: Path
    reference: Search
    pace: Pace
    kills: int
    workers: int
    seed: int

    def rng(self, fault: str) -> Random:
        """A generator of the fault's own."""
        return Random(f"{self.seed}/{fault}")

    def search(self, name: str | Path, workers: int = 1) -> Search:
        """The same search in another folder."""
        return replace(self.reference, path=self.folder / name, workers=workers)

    def finished(self, name: str | Path) -> Search:
        """A copy of the reference, in a folder of the lab's or in any one."""
        shutil.copytree(self.reference.path, self.folder / name)
        return self.search(name)

    def nearly_finished(self, name: str | Path) -> Search:
        """As `finished`, but without the last candidate: its line and its weights."""
        search = self.finished(name)
        lines = whole_lines(search.journal())
        search.workdir.store.path(search.lines()[-1]["id"]).unlink()
        search.workdir.journal.write_bytes(b"".join(line + b"\n" for line in lines[:-1]))
        return search


def opened(folder: Path, kills: int, workers: int, seed: int) -> Lab:
    """Runs the reference. Raises RuntimeError if not even that ends well."""
    reference = Search(folder / "reference")
    say("the reference: a search that nothing happens to")
    done, pace = _observed(reference)
    if done.code:
        raise RuntimeError(f"the reference ended with exit code {done.code}: {done.said}")
    say(f"the reference: {pace.whole:.0f} s, {pace.first_line:.0f} s to its first candidate")
    return Lab(folder, reference, pace, kills, workers, seed)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _observed(search: Search) -> tuple[Ended, Pace]:
    begun, seen = time.monotonic(), []
    with search.started() as process:
        while process.poll() is None:
            if len(whole_lines(search.journal())) > len(seen) + 1:
                seen.append(time.monotonic() - begun)
            time.sleep(POLL)
        done = ended(process)
    if len(seen) < 2:
        return done, Pace(0, 0, 0, time.monotonic() - begun)
    trained = search.lines()[0]["seconds"]
    candidate = (seen[-1] - seen[0]) / (len(seen) - 1)
    return done, Pace(seen[0] - trained, seen[0], candidate, time.monotonic() - begun)

"""A long search of the smallest candidates: do memory, seconds a candidate and files stay what they are?

python -m benchmarks.soak --candidates=300 --workers=2

Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.faults import processes
from benchmarks.faults.small_search import FRAME, POPULATION, Search, ended, whole_lines
from eatnas_tf.reporting import tables

POLL = 0.05
FLAGS = (
    *FRAME,
    "--blocks=2",
    "--depth_choices=1,2",
    f"--population={POPULATION}",
    "--sample=2",
    "--epochs=1",
    "--target=1000",
    "--patience=1000000",
)
COLUMNS = ("candidates", "seconds each", "main MB", "workers MB", "weight files", "folder KB", "journal KB")


@dataclass(frozen=True)
class Sample:
    """A search after so many candidates; sizes in bytes."""

    candidates: int
    when: float
    main: int
    workers: int
    weights: int
    folder: int
    journal: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=25, help="candidates from row to row")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        flags = (*FLAGS, f"--cycles={options.candidates - POPULATION}")
        search = Search(Path(folder) / "run", options.workers, flags=flags)
        samples = list(watched(search, options.every))
    show(samples)


def watched(search: Search, every: int) -> Iterator[Sample]:
    """Runs a search to its end, looking at it after so many candidates each time.

    Raises RuntimeError if it does not end well.
    """
    seen, places = 0, search.workers if search.workers > 1 else 0  # beside the main process
    with search.started() as process:
        while process.poll() is None:
            candidates = len(whole_lines(search.journal())) - 1
            if candidates >= seen + every and len(processes.workers(process.pid)) == places:
                seen = candidates
                yield _sample(search, process.pid, candidates)
            time.sleep(POLL)
        done = ended(process)
    if done.code:
        raise RuntimeError(f"the search ended with exit code {done.code}: {done.said}")


def show(samples: Sequence[Sample]) -> None:
    """A row from sample to sample, and how much memory a candidate of the second half cost."""
    rows = []
    for before, after in pairwise(samples):
        seconds = (after.when - before.when) / (after.candidates - before.candidates)
        megabytes = (f"{size / 2**20:.1f}" for size in (after.main, after.workers))
        kilobytes = (f"{size / 1e3:.0f}" for size in (after.folder, after.journal))
        rows.append((after.candidates, f"{seconds:.2f}", *megabytes, after.weights, *kilobytes))
    tables.show("A search of the smallest candidates", COLUMNS, rows)
    middle, last = samples[len(samples) // 2], samples[-1]
    grown = [getattr(last, name) - getattr(middle, name) for name in ("main", "workers")]
    each = [size / 2**20 / (last.candidates - middle.candidates) for size in grown]
    tables.say(
        f"from candidate {middle.candidates} on, one more takes {each[0]:.3f} MB in the main process and "
        f"{each[1]:.3f} MB in the workers together"
    )


def _sample(search: Search, main: int, candidates: int) -> Sample:
    sizes = {file: _size(file) for file in search.path.rglob("*") if file.is_file()}
    return Sample(
        candidates,
        time.monotonic(),
        processes.resident(main),
        sum(map(processes.resident, processes.workers(main))),
        sum(file.parent.name == "weights" for file in sizes),
        sum(sizes.values()),
        _size(search.workdir.journal),
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


if __name__ == "__main__":
    main()

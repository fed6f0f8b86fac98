"""What TensorBoard costs a search: seconds in which it is imported, written and drawn in the main process.

python -m benchmarks.board --runs=5

Runs whole searches of a preset, each in a fresh process, and shows the seconds of the board, imports of
matplotlib and tensorboard included, as a share of the whole run from its command to its end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from eatnas_tf.reporting import tables

COLUMNS = ("run", "seconds", "board's seconds", "of them CPU", "share %")
TOLD = "seconds of the board: "  # the line in which a run's process says what it has measured


class Run(NamedTuple):
    """A search: seconds from its start to its end, those of its board, and the board's CPU seconds."""

    whole: float
    board: float
    cpu: float

    @property
    def share(self) -> float:
        return self.board / self.whole


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--preset", default="quickstart_search")
    parser.add_argument("--workers", type=int, default=2)
    options, flags = parser.parse_known_args(arguments)
    show(
        [
            measured((f"--preset={options.preset}", f"--workers={options.workers}", *flags))
            for _ in range(options.runs)
        ]
    )


def show(runs: Sequence[Run]) -> None:
    """A row a run, and the median share."""
    rows = [
        (number, f"{run.whole:.1f}", f"{run.board:.2f}", f"{run.cpu:.2f}", f"{100 * run.share:.2f}")
        for number, run in enumerate(runs, start=1)
    ]
    tables.show("TensorBoard in a search", COLUMNS, rows)
    shares = [100 * run.share for run in runs]
    tables.say(
        f"median {statistics.median(shares):.2f} % of the time, {min(shares):.2f} to {max(shares):.2f} %"
    )


def measured(flags: Sequence[str]) -> Run:
    """One search in a process of its own. Raises CalledProcessError if it does not end well."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from benchmarks import board; board.search()", *flags]
        begun = time.perf_counter()
        done = subprocess.run(
            [*command, f"--workdir={folder}/run"], stdout=subprocess.PIPE, text=True, check=True
        )
        whole = time.perf_counter() - begun
    line = next(line for line in done.stdout.splitlines() if line.startswith(TOLD))
    return Run(whole, *json.loads(line.removeprefix(TOLD)))


class Clock:
    """Seconds by the wall and by this thread's CPU, of the blocks that it was on for."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def on(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.thread_time() - cpu


def search() -> None:
    """Runs the search binary with a clock on its board, and tells what that has come to."""
    import atexit

    from eatnas_tf.bin import search as binary

    clock = Clock()
    with clock.on():
        from eatnas_tf.stages import boards

    boards.SearchBoard = _timed(boards.SearchBoard, clock)  # type: ignore[misc]
    atexit.register(lambda: print(f"{TOLD}{json.dumps([clock.wall, clock.cpu])}", flush=True))
    binary.entry.run(binary.main)


def _timed(board: Any, clock: Clock) -> Any:
    """The board with the clock on whatever a search calls of it."""

    class Timed(board):
        def __init__(self, *given: Any) -> None:
            with clock.on():
                super().__init__(*given)

        def resume(self, told: Any) -> None:
            with clock.on():
                super().resume(told)

        def add(self, individual: Any) -> None:
            with clock.on():
                super().add(individual)

        def close(self) -> None:
            with clock.on():
                super().close()

    return Timed


if __name__ == "__main__":
    main()

"""What an engine hands back: its evaluations and their times, one line of JSON on its standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.task import BATCH, EVALUATION_BATCH, EVALUATION_IMAGES, Task

UNSTEADY_STEPS = 3  # the first of a candidate, which are not counted as steady
FEWEST_IMAGES = (UNSTEADY_STEPS + 1) * BATCH


@dataclass(frozen=True)
class Evaluation:
    """One candidate: wall seconds in all, of a steady step, and of all that no steady step explains."""

    code: str
    seconds: float
    step_seconds: float
    fixed_seconds: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Report:
    """`seconds` run from the moment all processes are ready to the last result; the warm-up is apart.

    `peak_mb` is the peak resident memory, summed over the engine's processes.
    """

    engine: str
    workers: int
    seconds: float
    warm_up_seconds: float
    peak_mb: float
    evaluations: Sequence[Evaluation]

    def line(self) -> str:
        means = {
            name: fmean(getattr(evaluation, name) for evaluation in self.evaluations)
            for name in ("step_seconds", "fixed_seconds", "loss", "accuracy")
        }
        return json.dumps({**asdict(self), "candidates": len(self.evaluations), **means})


Engine = Callable[[Task, int], Report]


def timed(
    task: Task,
    code: str,
    seconds: float,
    step_ends: Sequence[float],
    evaluation_ends: Sequence[float],
    loss: float,
    accuracy: float,
) -> Evaluation:
    """An evaluation from clock readings at the end of every training and every evaluation step.

    A training step is steady from the fourth on if its batch is full; a last, smaller batch counts for its
    share. An evaluation step is steady from the second on.
    """
    full = [*step_ends[: task.images // BATCH]]
    step = median(_durations(full[UNSTEADY_STEPS - 1 :]))
    evaluation_step = median(_durations(evaluation_ends))
    steady = step * task.images / BATCH + evaluation_step * EVALUATION_IMAGES / EVALUATION_BATCH
    return Evaluation(code, seconds, step, seconds - steady, float(loss), float(accuracy))


def main(engine: Engine) -> None:
    """The command line of an engine's module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, required=True)
    parser.add_argument("--candidates", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    report = engine(Task(given.images, given.candidates, given.seed), given.workers)
    print(report.line(), file=sys.stdout, flush=True)


def read(output: str) -> dict[str, Any]:
    """The report in an engine's standard output, its last line. Raises ValueError if there is none."""
    return json.loads((output.strip().splitlines() or [""])[-1])


def peak_mb() -> float:
    """Peak resident memory of this process in MB.

    Not `resource.getrusage`: on Linux its figure starts at that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _durations(ends: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(ends)]

"""Eager PyTorch: as many one-thread processes as workers, fed from one queue."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks import report
from benchmarks.task import Task
from eatnas_tf.space import Architecture

if TYPE_CHECKING:  # this process only deals out codes: PyTorch, and its memory, are in the workers
    from benchmarks.engines.torch_worker import Worker

# Without these every large tensor is memory fresh from the system, zeroed page by page: a quarter of a step.
# PyTorch's tuning guide advises another allocator to the same end. glibc reads them as a process starts.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**34)}

Done = tuple[int, float, report.Evaluation]  # process, its peak memory so far in MB, the evaluation

_barrier: Any = None
_worker: Worker


def run(task: Task, workers: int) -> report.Report:
    os.environ.update(ALLOCATOR)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    with ProcessPoolExecutor(workers, context, initializer=_share, initargs=(barrier,)) as pool:
        starts = [pool.submit(_start, task) for _ in range(workers)]
        warm_ups = [start.result() for start in starts]
        begun = perf_counter()
        done = list(pool.map(_evaluate, task.codes()))
        seconds = perf_counter() - begun
    # In order, so that what is last said of a process is its highest.
    peaks = {process: peak for process, peak, _ in (*warm_ups, *done)}
    return report.Report(
        "pytorch",
        workers,
        seconds,
        warm_up_seconds=max(evaluation.seconds for _, _, evaluation in warm_ups),
        peak_mb=report.peak_mb() + sum(peaks.values()),
        evaluations=[evaluation for _, _, evaluation in done],
    )


def _share(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _start(task: Task) -> Done:
    """One warm-up candidate, begun when every worker is there: each takes one such call."""
    global _worker
    from benchmarks.engines.torch_worker import Worker

    _worker = Worker(task)
    _barrier.wait()
    return _evaluate(task.warm_up_code())


def _evaluate(code: Architecture) -> Done:
    evaluation = _worker.evaluate(code)
    return os.getpid(), report.peak_mb(), evaluation


if __name__ == "__main__":
    report.main(run)

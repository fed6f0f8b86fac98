"""This package: a search's own workers and evaluator, on the shared graph."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks import report
from benchmarks.task import BATCH, FRAME, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, Task, network_of
from eatnas_tf import searches
from eatnas_tf.configs import RuntimeConfig, TrainingConfig
from eatnas_tf.layers import Network, count
from eatnas_tf.searches import Alone, Candidate, Finished, Measurement, Workforce
from eatnas_tf.space import Architecture
from eatnas_tf.space.primitives import STANDARD
from eatnas_tf.stages import devices
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.stages.worker import OnShare, Place
from eatnas_tf.stages.workers import LocalWorkers

if TYPE_CHECKING:
    from eatnas_tf.training.engine import Engine, Trainee

RECIPE = TrainingConfig(
    1, BATCH, LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, augmentation="none"
)


def run(task: Task, workers: int) -> report.Report:
    with tempfile.TemporaryDirectory() as folder, closing(_workforce(task, workers, Path(folder))) as force:
        begun = perf_counter()
        warm_ups = _all_finished(force, [task.warm_up_code()] * workers, 0)
        ready = perf_counter()
        done = _all_finished(force, task.codes(), workers)
        seconds = perf_counter() - ready
    peaks = {one.details["process"]: one.details["peak_mb"] for one in (*warm_ups, *done)}
    own = report.peak_mb() if workers > 1 else 0.0
    evaluations = [report.Evaluation(**one.details["evaluation"]) for one in done]
    return report.Report("ours", workers, seconds, ready - begun, own + sum(peaks.values()), evaluations)


def _workforce(task: Task, workers: int, folder: Path) -> Workforce:
    (folder / "weights").mkdir()
    build = partial(build_evaluation, task, folder)
    if workers == 1:
        evaluate = build(Place(), _unheard)
        return Alone(lambda one: evaluate(one.to_json()))
    places = [Place(threads=max(1, devices.cores() // workers))] * workers
    return LocalWorkers(places, build, lambda code: count(network_of(code)).params)


def _all_finished(force: Workforce, codes: Sequence[Architecture], first: int) -> list[Measurement]:
    """The measurements of all codes, as many at work as there are places; their ids count from `first`."""
    waiting = [searches.Task(Candidate(number, code)) for number, code in enumerate(codes, first)]
    finished: list[Finished] = []
    for task in waiting[: force.capacity]:
        force.submit(task)
    for task in [*waiting[force.capacity :], *[None] * min(force.capacity, len(waiting))]:
        finished.append(force.next_finished())
        if task is not None:
            force.submit(task)
    return [one.measurement for one in sorted(finished, key=lambda one: one.candidate.id)]


def build_evaluation(
    task: Task, folder: Path, place: Place, on_share: OnShare
) -> Callable[[str], Measurement]:
    """What a worker evaluates with: the stage's evaluator, its engine watched by a clock."""
    strategy = devices.strategy(RuntimeConfig(str(folder)), place.threads)
    from eatnas_tf.stages.evaluation import Evaluator
    from eatnas_tf.training.engine import KerasEngine
    from eatnas_tf.training.shared_graph.engine import SharedGraph
    from eatnas_tf.training.trainer import Trainer

    train, validation = task.examples()
    trainer = Trainer(strategy, train, RECIPE)
    engine = Clocked(SharedGraph(trainer, FRAME.num_classes, KerasEngine(trainer)))
    evaluator = Evaluator(
        network_of,
        engine,
        validation,
        lambda network: count(network).params,
        "none",
        task.seed,
        Workdir(folder).store,
        on_share=on_share,
    )

    def evaluate(text: str) -> Measurement:
        one = searches.Task.from_json(text, STANDARD)
        begun = perf_counter()
        found = evaluator(one)
        seconds = perf_counter() - begun
        clock = engine.clock
        evaluation = report.Evaluation(
            str(one.candidate.architecture),
            seconds,
            clock["train"] * BATCH / task.images,
            seconds - clock["train"] - clock["evaluate"],
            found.details["loss"],
            found.accuracy,
        )
        details = {"process": os.getpid(), "peak_mb": report.peak_mb(), "evaluation": asdict(evaluation)}
        return replace(found, details=details)

    return evaluate


class Clocked:
    """An engine whose trainees are watched: seconds of their training and their evaluation.

    After the warm-up both are steady steps only; they run inside one graph, where no clock can be read.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.clock: dict[str, float] = {}

    def load(self, network: Network, seed: Sequence[int]) -> Trainee:
        trainee = self._engine.load(network, seed)
        for name in ("train", "evaluate"):
            setattr(trainee, name, self._timed(name, getattr(trainee, name)))
        return trainee

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            begun = perf_counter()
            result = method(*arguments, **named)
            self.clock[name] = perf_counter() - begun
            return result

        return timed


def _unheard(number: int, share: float) -> None:
    """Nobody watches a benchmark's progress."""


if __name__ == "__main__":
    report.main(run)

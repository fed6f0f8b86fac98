"""KerasTuner: a grid search over the codes drives the model of plain Keras."""

from __future__ import annotations

import tempfile
from time import perf_counter
from typing import Any

import keras
import keras_tuner

from benchmarks import report
from benchmarks.engines.keras_clock import Clock
from benchmarks.engines.stock_network import compiled
from benchmarks.task import BATCH, EVALUATION_BATCH, Task, network_of


class Candidates(keras_tuner.HyperModel):
    """A hypermodel whose one choice is the number of the code; it keeps each fit's clock and history."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._codes = task.codes()
        self.fits: dict[int, tuple[Clock, dict[str, list[float]]]] = {}

    def build(self, hp: Any) -> keras.Model:
        return compiled(network_of(self._codes[hp.Choice("candidate", list(range(len(self._codes))))]))

    def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        clock = Clock()
        callbacks = [*kwargs.pop("callbacks", ()), clock]
        history = model.fit(*args, callbacks=callbacks, **kwargs)
        self.fits[hp.get("candidate")] = clock, history.history
        return history


class TimedGridSearch(keras_tuner.GridSearch):
    """`seconds` of every trial by the number of its code, from asking the oracle to telling it the result."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seconds: dict[int, float] = {}
        self._begun = 0.0

    def pre_create_trial(self) -> None:
        self._begun = perf_counter()

    def on_trial_end(self, trial: Any) -> None:
        super().on_trial_end(trial)
        if trial.status != "COMPLETED":
            raise RuntimeError(trial.message)
        self.seconds[trial.hyperparameters.get("candidate")] = perf_counter() - self._begun


def run(task: Task, workers: int) -> report.Report:
    """The warm-up is the tuner's own: it builds a model to learn the choices."""
    train, evaluation = task.arrays()
    candidates, begun = Candidates(task), perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        search = TimedGridSearch(
            candidates,
            objective="val_accuracy",
            max_trials=task.candidates,
            executions_per_trial=1,
            directory=folder,
        )
        ready = perf_counter()
        search.search(
            train.images,
            train.labels,
            batch_size=BATCH,
            validation_data=(evaluation.images, evaluation.labels),
            validation_batch_size=EVALUATION_BATCH,
            verbose=0,
        )
        seconds = perf_counter() - ready
    return report.Report(
        "keras_tuner", 1, seconds, ready - begun, report.peak_mb(), _evaluations(task, candidates, search)
    )


def _evaluations(task: Task, candidates: Candidates, search: TimedGridSearch) -> list[report.Evaluation]:
    evaluations = []
    for number, code in enumerate(task.codes()):
        clock, history = candidates.fits[number]
        losses, accuracies = history["val_loss"], history["val_accuracy"]
        evaluations.append(
            report.timed(
                task,
                str(code),
                search.seconds[number],
                clock.steps,
                clock.evaluation_steps,
                losses[-1],
                accuracies[-1],
            )
        )
    return evaluations


if __name__ == "__main__":
    report.main(run)

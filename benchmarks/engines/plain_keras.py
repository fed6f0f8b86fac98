"""Plain Keras: build, compile, fit, evaluate, clear the session; one candidate after the other."""

from __future__ import annotations

from time import perf_counter

import keras

from benchmarks import report
from benchmarks.engines.keras_clock import Clock
from benchmarks.engines.stock_network import compiled
from benchmarks.task import BATCH, EVALUATION_BATCH, Task, Whitened, network_of
from eatnas_tf.space import Architecture


def run(task: Task, workers: int) -> report.Report:
    train, evaluation = task.arrays()
    begun = perf_counter()
    evaluations = [_evaluated(task, code, train, evaluation) for code in task.codes()]
    return report.Report("keras", 1, perf_counter() - begun, 0.0, report.peak_mb(), evaluations)


def _evaluated(task: Task, code: Architecture, train: Whitened, evaluation: Whitened) -> report.Evaluation:
    begun, clock = perf_counter(), Clock()
    model = compiled(network_of(code))
    model.fit(train.images, train.labels, batch_size=BATCH, verbose=0, callbacks=[clock])
    loss, accuracy = model.evaluate(
        evaluation.images, evaluation.labels, batch_size=EVALUATION_BATCH, verbose=0, callbacks=[clock]
    )
    del model
    keras.backend.clear_session()
    seconds = perf_counter() - begun
    return report.timed(task, str(code), seconds, clock.steps, clock.evaluation_steps, loss, accuracy)


if __name__ == "__main__":
    report.main(run)

"""A Keras callback that reads the clock at the end of every step."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import keras


class Clock(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.steps: list[float] = []
        self.evaluation_steps: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps.append(perf_counter())

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.evaluation_steps.append(perf_counter())

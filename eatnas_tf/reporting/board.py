"""TensorBoard: what a run writes for it, rewritten from the journal when a run goes on.

Events are written without a TensorFlow operation: the first one would take every GPU for this process, and a
search's workers need them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from absl import logging
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from eatnas_tf.training.trainer import Epoch


class Board:
    """Scalars of one run in `folder`. What cannot be written is said once and never ends the run."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
        self._silent = False
        with self._harmless():
            for old in folder.glob("events.out.tfevents.*"):
                old.unlink()
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def scalars(self, values: dict[str, float], step: int) -> None:
        now = time.time()
        self._write(
            *(Event(wall_time=now, step=step, summary=scalar_pb(tag, value)) for tag, value in values.items())
        )

    def epoch(self, epoch: Epoch) -> None:
        """One epoch of a retraining; the step is the epoch."""
        self.scalars(
            {
                "train/loss": epoch.loss,
                "train/accuracy": epoch.accuracy,
                "train/learning_rate": epoch.learning_rate,
            },
            epoch.number,
        )

    def _write(self, *events: Event) -> None:
        if self._silent:
            return
        with self._harmless():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._silent = True
            logging.warning("TensorBoard: cannot write (%s); the run goes on without", error)

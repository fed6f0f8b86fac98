"""TensorBoard: what a run writes for it, rewritten from the journal when a run goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import tensorflow as tf
from absl import logging

from eatnas_tf.training.trainer import Epoch


class Board:
    """Scalars of one run in `folder`. What cannot be written is said once and never ends the run."""

    def __init__(self, folder: Path) -> None:
        self._silent = False
        try:
            shutil.rmtree(folder, ignore_errors=True)
            self._writer = tf.summary.create_file_writer(str(folder))
        except (OSError, tf.errors.OpError) as error:
            self._give_up(error)

    def scalars(self, values: dict[str, float], step: int) -> None:
        if self._silent:
            return
        try:
            with self._writer.as_default(step):
                for tag, value in values.items():
                    tf.summary.scalar(tag, value)
            self._writer.flush()
        except (OSError, tf.errors.OpError) as error:
            self._give_up(error)

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

    def _give_up(self, error: Exception) -> None:
        self._silent = True
        logging.warning("TensorBoard: cannot write (%s); the run goes on without", str(error).splitlines()[0])

"""TensorBoard: what a run writes for it, rewritten from the journal when a run goes on."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

import tensorflow as tf
from absl import logging

from eatnas_tf.evolution import Evolution
from eatnas_tf.evolution.scoring import deviation
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

    def population(self, evolution: Evolution) -> None:
        """Where a search stands; the step is its evaluations. Nothing before the first population is whole."""
        if evolution.quality is None or evolution.best is None:
            return
        individuals = evolution.population.individuals
        mean = statistics.fmean(evolution.population.scores)
        self.scalars({
            "population/quality": evolution.quality,
            "population/score_mean": mean,
            "population/score_std": deviation(evolution.population.scores, mean),
            "population/accuracy_mean": statistics.fmean(one.measurement.accuracy for one in individuals),
            "population/size_mean": statistics.fmean(one.measurement.size for one in individuals),
            "search/best_score": evolution.best.score,
        }, evolution.cycle)

    def epoch(self, epoch: Epoch) -> None:
        """One epoch of a retraining; the step is the epoch."""
        self.scalars({"train/loss": epoch.loss, "train/accuracy": epoch.accuracy,
                      "train/learning_rate": epoch.learning_rate}, epoch.number)

    def _give_up(self, error: Exception) -> None:
        self._silent = True
        logging.warning("TensorBoard: cannot write (%s); the run goes on without", str(error).splitlines()[0])

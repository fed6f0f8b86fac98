"""One retraining: build, train from fresh weights, evaluate, and the export of the chosen one."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from eatnas_tf import durable
from eatnas_tf.configs import RetrainConfig
from eatnas_tf.layers import Frame, Network, expand
from eatnas_tf.network import class_names, weight_file
from eatnas_tf.network.builder import assign, build, weights_of
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.reporting.board import Board
from eatnas_tf.reporting.progress import Bar
from eatnas_tf.space import Architecture
from eatnas_tf.stages.plans import trained_network
from eatnas_tf.stages.stopping import stop_if_asked
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.evaluation import Evaluation, evaluation
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.trainer import Epoch, Trainer
from eatnas_tf.training.whitening import Whitening


@dataclass(frozen=True)
class Task:
    """One training of a retraining stage: a rival of the top k, or the winner on all training images."""

    number: int
    name: str
    architecture: Architecture


class Retrainer:
    """Carries out the tasks of one retraining stage."""

    def __init__(
        self, config: RetrainConfig, strategy: Any, frame: Frame, workdir: Workdir, bar: Bar
    ) -> None:
        self._config, self._frame, self._workdir, self._bar = config, frame, workdir, bar
        self._strategy = strategy

    def train(
        self, task: Task, examples: Examples | Streamed, contest: Examples | Streamed, on: str
    ) -> dict[str, Any]:
        """Trains one network and measures it on `contest`, which is called `on`; the journal's line.

        Weights are written before the line is given back. A training that diverges has accuracy 0 and neither
        loss nor weights.
        """
        start, recipe = time.perf_counter(), self._config.training
        trainer = Trainer(self._strategy, examples, recipe)
        with self._strategy.scope():
            model = build(
                trained_network(task.architecture, self._frame, recipe), seed=[self._config.seed, task.number]
            )
        board = Board(self._workdir.tensorboard / task.name)
        measure = evaluation(self._strategy, model, contest, trainer.whitening)
        before, told = (task.number - 1) * recipe.epochs, [f"{task.name}, first epoch"]

        def heed(share: float) -> None:
            stop_if_asked()

        def on_epoch(epoch: Epoch) -> None:
            board.epoch(epoch)
            if on == "validation":
                found = measure(heed)
                board.scalars(
                    {"validation/loss": found.loss, "validation/accuracy": found.top1}, epoch.number
                )
            told[0] = f"{task.name}, loss {epoch.loss:.3f}, training accuracy {100 * epoch.accuracy:.1f} %"
            self._bar.at(before + epoch.number, told[0])

        def on_share(share: float) -> None:
            heed(share)
            self._bar.at(before + share * recipe.epochs, told[0])

        seed = (self._config.seed + task.number) % 2**31
        found = measure(heed) if trainer.train(model, seed, on_epoch, on_share) else None
        if found is None or not math.isfinite(found.loss):
            found = Evaluation(math.nan, 0.0, 0.0, len(contest))
        else:
            weight_file.save(self._workdir.weights_of(task.number), weights_of(model))
        keras.backend.clear_session()
        gc.collect()
        return {
            "number": task.number,
            "name": task.name,
            "architecture": str(task.architecture),
            "on": on,
            "top1": found.top1,
            "top5": found.top5,
            "loss": found.loss if math.isfinite(found.loss) else None,
            "images": found.count,
            "seconds": round(time.perf_counter() - start, 3),
        }

    def export(self, task: Task, examples: Examples | Streamed, classes: Sequence[str]) -> None:
        """Writes weights.npz and, with the classes' names, model.keras of a task trained on `examples`."""
        weights = weight_file.load(self._workdir.weights_of(task.number))
        model = plain_model(expand(task.architecture, self._frame), weights, Whitening.of(examples))
        partial = self._workdir.path / "partial.keras"
        with durable.replacing(self._workdir.model, partial):
            model.save(partial)
            class_names.add(partial, classes)
        weight_file.save(self._workdir.weights, weights)


def plain_model(network: Network, weights: dict[str, Any], whitening: Whitening) -> keras.Model:
    """The inference network in layers of Keras only: raw images, 0 to 255, to logits."""
    body = build(network, keras_layer)
    assign(body, weights)
    images = keras.Input(body.input_shape[1:], name="raw_images")
    normalised = keras.layers.Normalization(
        mean=whitening.mean.tolist(), variance=(whitening.deviation**2).tolist(), name="whitening"
    )(images)
    return keras.Model(images, body(normalised), name="eatnas")

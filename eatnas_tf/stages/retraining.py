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
from eatnas_tf.network.graph import graph_of
from eatnas_tf.network.inheritance import inherit
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.reporting import harmless
from eatnas_tf.reporting.board import Board
from eatnas_tf.reporting.progress import Bar
from eatnas_tf.space import Architecture
from eatnas_tf.stages import channels
from eatnas_tf.stages.evaluation import Trained
from eatnas_tf.stages.outcomes import Callback
from eatnas_tf.stages.plans import trained_network
from eatnas_tf.stages.stopping import stop_if_asked
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.checkpoint import Checkpoint
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.evaluation import Evaluation, evaluation
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.trainer import Epoch, Trainer
from eatnas_tf.training.whitening import Whitening

RESIZE = "squeezed into a square: area averaging to shrink, bilinear to enlarge"
PICTURES = 64  # augmented images that a person looks at


@dataclass(frozen=True)
class Task:
    """One training of a retraining stage: a rival of the top k, or the winner on all training images.

    It starts from fresh weights, or inherits those of `start`.
    """

    number: int
    name: str
    architecture: Architecture
    start: Trained | None = None


class Retrainer:
    """Carries out the tasks of one retraining stage."""

    def __init__(
        self,
        config: RetrainConfig,
        strategy: Any,
        frame: Frame,
        workdir: Workdir,
        bar: Bar,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self._config, self._frame, self._workdir, self._bar = config, frame, workdir, bar
        self._strategy, self._callbacks = strategy, callbacks

    def train(
        self, task: Task, examples: Examples | Streamed, contest: Examples | Streamed, on: str
    ) -> dict[str, Any]:
        """Trains one network and measures it on `contest`, which is called `on`; the journal's line.

        Goes on after the last epoch that an earlier run finished. Weights are written before the line is
        given back. A training that diverges has accuracy 0 and neither loss nor weights.
        """
        start, whitening = time.perf_counter(), channels.whitening(self._workdir, examples)
        trainer = Trainer(self._strategy, examples, self._config.training, whitening)
        model = self._model(task, trainer)
        measure = evaluation(self._strategy, model, contest, trainer.whitening)

        def record(epoch: Epoch) -> dict[str, float]:
            if on == "test":
                return epoch.scalars()
            found = measure(_heed)
            return epoch.scalars() | {"validation/loss": found.loss, "validation/accuracy": found.top1}

        checkpoint = Checkpoint(self._workdir.checkpoint_of(task.number), record)
        found = measure(_heed) if self._train(task, trainer, model, checkpoint) else None
        if found is None or not math.isfinite(found.loss):
            found = Evaluation(math.nan, 0.0, 0.0, len(contest))
        else:
            self._workdir.store.save(task.number, weights_of(model))
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

    def _model(self, task: Task, trainer: Trainer) -> keras.Model:
        network = trained_network(task.architecture, self._frame, self._config.training)
        model = trainer.model(network, [self._config.seed, task.number])
        if task.start is not None:
            weights, _ = inherit(network, task.start.network, weights_of(model), task.start.weights)
            assign(model, weights)
        return model

    def _train(
        self,
        task: Task,
        trainer: Trainer,
        model: keras.Model,
        checkpoint: Checkpoint,
    ) -> bool:
        """False if the loss was not finite."""
        epochs = self._config.training.epochs
        before, told = (task.number - 1) * epochs, [f"{task.name}, first epoch"]
        board = Board(self._workdir.tensorboard / task.name)
        board.images("augmented", trainer.augmented(PICTURES))
        with harmless.drawing()():
            board.graph(graph_of(model))
        for number, scalars in enumerate(checkpoint.history, start=1):
            board.scalars(scalars, number)
        self._bar.resumed(before + len(checkpoint.history))

        def on_epoch(epoch: Epoch) -> None:
            board.scalars(checkpoint.history[-1], epoch.number)
            told[0] = f"{task.name}, loss {epoch.loss:.3f}, training accuracy {100 * epoch.accuracy:.1f} %"
            self._bar.at(before + epoch.number, told[0])
            for callback in self._callbacks:
                callback.on_epoch(task.name, epoch)

        def on_share(share: float) -> None:
            _heed(share)
            self._bar.at(before + share * epochs, told[0])

        seed = (self._config.seed + task.number) % 2**31
        return trainer.train(model, seed, on_epoch, on_share, checkpoint)

    def _preprocessing(self, encoding: Encoding | None) -> dict[str, Any]:
        """How an image becomes the model's input, for whoever uses it without this package."""
        return {
            "image_size": self._frame.image_size,
            "channels": self._frame.channels,
            "centre_crop": self._config.data.centre_crop or None,
            "resize": RESIZE,
            "value_range": [0, 255],
            "encoding": None if encoding is None else encoding.to_dict(),
            "output": "logits",
        }

    def export(
        self,
        task: Task,
        examples: Examples | Streamed,
        classes: Sequence[str],
        encoding: Encoding | None = None,
    ) -> None:
        """Writes weights.npz and model.keras of a task trained on `examples`.

        The latter holds the classes' names and how image files become its input.
        """
        weights = self._workdir.store.load(task.number)
        whitening = channels.whitening(self._workdir, examples)
        model = plain_model(expand(task.architecture, self._frame), weights, whitening)
        partial = self._workdir.path / "partial.keras"
        with durable.replacing(self._workdir.model, partial):
            model.save(partial)
            class_names.add(partial, classes, **self._preprocessing(encoding))
        weight_file.save(self._workdir.weights, weights)


def _heed(share: float) -> None:
    stop_if_asked()


def plain_model(network: Network, weights: dict[str, Any], whitening: Whitening) -> keras.Model:
    """The inference network in layers of Keras only: raw images, 0 to 255, to logits."""
    body = build(network, keras_layer)
    assign(body, weights)
    images = keras.Input(body.input_shape[1:], name="raw_images")
    normalised = keras.layers.Normalization(
        mean=whitening.mean.tolist(), variance=(whitening.deviation**2).tolist(), name="whitening"
    )(images)
    return keras.Model(images, body(normalised), name="eatnas")

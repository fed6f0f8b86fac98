"""What trains a search's candidates: the interface, and the engine that builds a Keras model of each."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Protocol

import keras
import numpy as np

from eatnas_tf.layers import Network
from eatnas_tf.network.builder import assign, weights_of
from eatnas_tf.network.initial import Weights
from eatnas_tf.training.evaluation import Evaluation
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.pace import OnShare, unheard
from eatnas_tf.training.trainer import OnEpoch, Trainer


class Trainee(Protocol):
    """A network in training. Its weights go in and out under the Keras model's variable names."""

    def weights(self) -> dict[str, np.ndarray]: ...

    def assign(self, weights: Weights) -> None: ...

    def train(self, seed: int, on_epoch: OnEpoch = ..., on_share: OnShare = ...) -> bool:
        """As `Trainer.epochs`: False if the loss was not finite."""
        ...

    def evaluate(self, examples: Examples | Streamed, on_share: OnShare = ...) -> Evaluation: ...

    def close(self) -> None:
        """Gives back what it holds; it is not used any more."""
        ...


class Engine(Protocol):
    def load(self, network: Network, seed: Sequence[int]) -> Trainee:
        """The network with `initial_weights` of the seed."""
        ...


class KerasEngine:
    """Builds a Keras model of every network: all that a spec can say, at the price of a graph for each."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def load(self, network: Network, seed: Sequence[int]) -> Trainee:
        # Layers that only their plugin knows draw their weights and noise by Keras's own generator.
        keras.utils.set_random_seed(int(np.random.default_rng(seed).integers(2**31)))
        return _KerasTrainee(self._trainer, self._trainer.model(network, seed))


class _KerasTrainee:
    def __init__(self, trainer: Trainer, model: keras.Model) -> None:
        self._trainer, self._model = trainer, model

    def weights(self) -> dict[str, np.ndarray]:
        return weights_of(self._model)

    def assign(self, weights: Weights) -> None:
        assign(self._model, weights)

    def train(self, seed: int, on_epoch: OnEpoch = unheard, on_share: OnShare = unheard) -> bool:
        return self._trainer.train(self._model, seed, on_epoch, on_share)

    def evaluate(self, examples: Examples | Streamed, on_share: OnShare = unheard) -> Evaluation:
        return self._trainer.evaluate(self._model, examples, on_share)

    def close(self) -> None:
        del self._model
        keras.backend.clear_session()
        gc.collect()

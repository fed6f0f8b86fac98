"""Training and evaluation of one Keras model under the process's strategy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.training.evaluation import Evaluation, evaluation
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.losses import cross_entropy, training_sums
from eatnas_tf.training.optimizer import Sgd
from eatnas_tf.training.pace import OnShare, Pace, unheard
from eatnas_tf.training.schedules import schedule
from eatnas_tf.training.whitening import Whitening

REPLICA_SEED = 1_000_003  # steps apart, so that no two replicas augment alike


@dataclass(frozen=True)
class Epoch:
    """Mean loss (without the weight penalty) and accuracy over one epoch, and its last learning rate."""

    number: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float


OnEpoch = Callable[[Epoch], None]


class Trainer:
    """Trains models on one training set and evaluates them on others, under one strategy.

    The images lie in memory as tensors, or are streamed; either way an epoch's loop runs inside a graph.
    `seed` gives the order of the images and their augmentation.
    """

    def __init__(self, strategy: Any, examples: Examples | Streamed, config: TrainingConfig) -> None:
        self.strategy = strategy
        self.config = config
        self.feed = feed_of(examples, config.batch_size, config.augmentation)
        self.whitening = Whitening.of(examples)
        self.rate = schedule(
            config.schedule, config.learning_rate, config.final_learning_rate, config.epochs, self.feed.steps
        )

    def train(
        self,
        model: keras.Model,
        seed: int,
        on_epoch: OnEpoch = unheard,
        on_share: OnShare = unheard,
    ) -> bool:
        """Trains `model` by the recipe, as `epochs` does."""
        with self.strategy.scope():
            optimizer = Sgd(self.rate, momentum=self.config.momentum)
            optimizer.build(model.trainable_variables)
        run = self._training_function(model, optimizer)
        call: list[Any] = []

        def steps(*arguments: Any) -> Any:
            if not call:
                call.append(run.get_concrete_function(*arguments))
            return call[0](*arguments)

        well = self.epochs(steps, seed, on_epoch, on_share)
        if well:
            self._agree(model)
        return well

    def epochs(
        self,
        steps: Callable[..., Any],
        seed: int,
        on_epoch: OnEpoch = unheard,
        on_share: OnShare = unheard,
    ) -> bool:
        """Calls `steps(feed state, [first, last], [seed, epoch])`, which trains and sums, to the last epoch.

        Returns False as soon as the loss is not finite, else True. `on_epoch` hears of every finished epoch,
        `on_share` of the share of the training that is done.
        """
        count, epochs, pace = self.feed.steps, self.config.epochs, Pace()
        for number in range(epochs):
            start, totals = time.perf_counter(), np.zeros(3)
            state = self.feed.begin(np.random.default_rng([seed, number]))
            for first, last in pace.spans(count):
                totals += steps(state, tf.constant([first, last]), tf.constant([seed, number])).numpy()
                on_share((number + last / count) / epochs)
                if not math.isfinite(totals[0]):
                    return False
            loss, accuracy = (totals[:2] / totals[2]).tolist()
            last_rate = float(self.rate((number + 1) * count - 1)) if callable(self.rate) else self.rate
            on_epoch(Epoch(number + 1, loss, accuracy, last_rate, time.perf_counter() - start))
        return True

    def evaluate(
        self, model: keras.Model, examples: Examples | Streamed, on_share: OnShare = unheard
    ) -> Evaluation:
        """Loss and accuracies of the model on `examples`; the images are only whitened."""
        return evaluation(self.strategy, model, examples, self.whitening)(on_share)

    def _training_function(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> Any:
        """(feed state, [first, last step], seed) -> sums of loss, hits and images, in one graph."""
        strategy, feed = self.strategy, self.feed
        variables = model.trainable_variables
        decayed = [variable.path.endswith("/kernel") for variable in variables]

        def step(batch: Any, seed: Any) -> Any:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            total = tf.shape(batch[0])[0]
            images, labels, weights = feed.load(batch, replica, strategy.num_replicas_in_sync)
            images = feed.augment(self.whitening(images), seed + [0, replica * REPLICA_SEED])
            with tf.GradientTape() as tape:
                losses, logits = self._losses(model, images, labels)
                loss = tf.reduce_sum(losses * weights) / tf.cast(total, tf.float32)
            gradients = tape.gradient(loss, [variable.value for variable in variables])
            if strategy.num_replicas_in_sync > 1:
                gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
            optimizer.apply(
                [
                    gradient + self.config.weight_decay * variable.value if decays else gradient
                    for gradient, variable, decays in zip(gradients, variables, decayed, strict=True)
                ],
                variables,
            )
            return training_sums(losses, logits, labels, weights)

        def steps(state: Any, span: Any, seed: Any) -> Any:
            totals = tf.zeros(3)
            for number in tf.range(span[0], span[1]):
                step_seed = tf.stack([seed[0], seed[1] * feed.steps + number])
                totals += strategy.reduce(
                    "SUM", strategy.run(step, (feed.batch(state, number), step_seed)), axis=None
                )
            return totals

        return tf.function(steps)

    def _losses(self, model: keras.Model, images: Any, labels: Any) -> tuple[Any, Any]:
        """The loss of every image, the auxiliary tower's weighed in, and the logits."""
        outputs = model(images, training=True)
        logits, *auxiliary = outputs if isinstance(outputs, list) else [outputs]
        losses = cross_entropy(labels, logits, self.config.label_smoothing)
        for tower in auxiliary:
            losses += self.config.auxiliary_weight * cross_entropy(labels, tower, self.config.label_smoothing)
        return losses, logits

    def _agree(self, model: keras.Model) -> None:
        """Gives every replica the mean of the moving statistics that each kept by itself."""
        if self.strategy.num_replicas_in_sync > 1:
            for variable in model.non_trainable_variables:
                variable.assign(np.asarray(variable))

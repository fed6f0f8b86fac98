"""Training and evaluation of one Keras model under the process's strategy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.layers import Network
from eatnas_tf.network.builder import build
from eatnas_tf.network.fast_layers import fast_layer
from eatnas_tf.training.checkpoint import Checkpoint
from eatnas_tf.training.epoch import Epoch, OnEpoch
from eatnas_tf.training.evaluation import Evaluation, evaluation
from eatnas_tf.training.examples import Examples, Streamed, refuse_unread
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.losses import sums
from eatnas_tf.training.optimizer import sgd
from eatnas_tf.training.pace import OnShare, Pace, unheard
from eatnas_tf.training.precision import computing_in
from eatnas_tf.training.schedules import schedule
from eatnas_tf.training.task import CLASSIFICATION, LearningTask
from eatnas_tf.training.whitening import Whitening

REPLICA_SEED = 1_000_003  # seeds apart, so that no two replicas augment alike


class Trainer:
    """Trains models on one training set and evaluates them on others, under one strategy.

    The images lie in memory as tensors, or are streamed; either way an epoch's loop runs inside a graph.
    `seed` gives the order of the images and their augmentation. `task` says what is minimised and measured.
    """

    def __init__(
        self,
        strategy: Any,
        examples: Examples | Streamed,
        config: TrainingConfig,
        whitening: Whitening | None = None,
        task: LearningTask = CLASSIFICATION,
    ) -> None:
        self.strategy, self.task = strategy, task
        self.config = config
        self.feed = feed_of(examples, config.batch_size, config)
        self.whitening = whitening or Whitening.of(examples)
        self.rate = schedule(
            config.schedule, config.learning_rate, config.final_learning_rate, config.epochs, self.feed.steps
        )

    def model(self, network: Network, seed: int | Sequence[int] = 0) -> keras.Model:
        """A network to train here, with `initial_weights` of the seed."""
        layer_of = partial(fast_layer, synchronized=self.config.sync_batch_norm)
        with self.strategy.scope(), computing_in(self.config.precision):
            return build(network, layer_of, seed)

    def train(
        self,
        model: keras.Model,
        seed: int,
        on_epoch: OnEpoch = unheard,
        on_share: OnShare = unheard,
        checkpoint: Checkpoint | None = None,
    ) -> bool:
        """Trains `model` by the recipe, as `epochs` does, from where `checkpoint` stands."""
        with self.strategy.scope():
            optimizer = sgd(self.rate, self.config.momentum, self.config.precision)
            optimizer.build(model.trainable_variables)
        variables = [*model.variables, *optimizer.variables]
        if checkpoint:
            checkpoint.restore(variables)
        run = self._training_function(model, optimizer)
        call: list[Any] = []

        def steps(*arguments: Any) -> Any:
            if not call:
                call.append(run.get_concrete_function(*arguments))
            return call[0](*arguments)

        def epoch_done(epoch: Epoch) -> None:
            self._agree(model)
            if checkpoint:
                checkpoint.add(epoch, variables)
            on_epoch(epoch)

        return self.epochs(steps, seed, epoch_done, on_share, len(checkpoint.history) if checkpoint else 0)

    def epochs(
        self,
        steps: Callable[..., Any],
        seed: int,
        on_epoch: OnEpoch = unheard,
        on_share: OnShare = unheard,
        done: int = 0,
    ) -> bool:
        """Calls `steps(feed state, [first, last], [seed, epoch], sums)`, which trains, for all epochs.

        The sums go through all calls of an epoch, so that they do not depend on where one call ends.
        The first `done` epochs are over already. Returns False as soon as the loss is not finite, else True.
        Raises InputError if nothing of the feed can be read.
        `on_epoch` hears of every finished epoch, `on_share` of the share of the training that is done.
        """
        count, epochs, pace = self.feed.steps, self.config.epochs, Pace()
        for number in range(done, epochs):
            start, totals = time.perf_counter(), tf.zeros(3)
            state = self.feed.begin(np.random.default_rng([seed, number]), number)
            for first, last in pace.spans(count):
                with self.feed.reading():
                    totals = steps(state, tf.constant([first, last]), tf.constant([seed, number]), totals)
                on_share((number + last / count) / epochs)
                if not math.isfinite(totals[0]):
                    return False
            refuse_unread(totals[2], self.feed.count)
            loss, accuracy = (totals[:2] / totals[2]).numpy().tolist()
            last_rate = float(self.rate((number + 1) * count - 1)) if callable(self.rate) else self.rate
            on_epoch(Epoch(number + 1, loss, accuracy, last_rate, time.perf_counter() - start))
        return True

    def augmented(self, count: int) -> np.ndarray:
        """The first `count` images of an epoch as the network sees them, made visible: uint8 NHWC."""
        feed = self.feed
        with feed.reading():
            images, _, _ = feed.load(feed.batch(feed.begin(np.random.default_rng(0)), 0), 0, 1)
        seen = feed.augment(self.whitening(images[:count]), tf.constant([0, 0]))
        pixels = np.asarray(seen) * self.whitening.deviation + self.whitening.mean
        return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)

    def evaluate(
        self, model: keras.Model, examples: Examples | Streamed, on_share: OnShare = unheard
    ) -> Evaluation:
        """What the task measures of the model on `examples`; the images are only whitened."""
        return evaluation(self.strategy, model, examples, self.whitening, task=self.task)(on_share)

    def _training_function(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> Any:
        """(feed state, [first, last step], seed, sums) -> sums of loss, accuracy and images, in one graph."""
        strategy, feed, task = self.strategy, self.feed, self.task
        variables = model.trainable_variables
        decayed = [variable.path.endswith("/kernel") for variable in variables]

        def step(batch: Any, seed: Any) -> Any:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            total = tf.shape(batch[0])[0]
            images, labels, weights = feed.load(batch, replica, strategy.num_replicas_in_sync)
            images, labels = task.augmented(
                feed.augment, self.whitening(images), labels, seed + [replica * REPLICA_SEED, 0]
            )
            with tf.GradientTape() as tape:
                losses, logits = self._losses(model, images, labels)
                loss = tf.reduce_sum(losses * weights) / tf.cast(total, tf.float32)
                scaled = optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled, [variable.value for variable in variables])
            if strategy.num_replicas_in_sync > 1:
                gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
            decay = optimizer.scale_loss(self.config.weight_decay)  # the optimizer takes the scale out of all
            optimizer.apply(
                [
                    gradient + decay * variable.value if decays else gradient
                    for gradient, variable, decays in zip(gradients, variables, decayed, strict=True)
                ],
                variables,
            )
            return sums(weights, losses, task.trained(labels, logits))

        def steps(state: Any, span: Any, seed: Any, totals: Any) -> Any:
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
        outputs = outputs if isinstance(outputs, list) else [outputs]
        logits, *auxiliary = [tf.cast(one, tf.float32) for one in outputs]
        losses = self.task.losses(labels, logits, self.config)
        for tower in auxiliary:
            losses += self.config.auxiliary_weight * self.task.losses(labels, tower, self.config)
        return losses, logits

    def _agree(self, model: keras.Model) -> None:
        """Gives every replica the mean of the moving statistics that each kept by itself."""
        if self.strategy.num_replicas_in_sync > 1:
            for variable in model.non_trainable_variables:
                variable.assign(np.asarray(variable))

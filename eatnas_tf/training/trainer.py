"""Training and evaluation of one Keras model under the process's strategy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.training.data import Examples, Streamed
from eatnas_tf.training.feed import Feed, feed_of
from eatnas_tf.training.schedules import schedule

EVALUATION_BATCH = 250
REPLICA_SEED = 1_000_003  # steps apart, so that no two replicas augment alike
FIRST_STEPS, STEPS_A_CALL = 4, 32  # between two calls Python hears of signals and a bar moves


@dataclass(frozen=True)
class Epoch:
    """Mean loss (without the weight penalty) and accuracy over one epoch, and its last learning rate."""

    number: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy, top-1 and top-5 accuracy as fractions over `count` images."""

    loss: float
    top1: float
    top5: float
    count: int


@dataclass(frozen=True)
class Whitening:
    """Channel means and standard deviations of the training images, float32 (channels,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, examples: Examples | Streamed) -> Whitening:
        return cls(*examples.statistics())

    def __call__(self, images: Any) -> Any:
        return (tf.cast(images, tf.float32) - self.mean) / self.deviation


OnEpoch = Callable[[Epoch], None]
OnShare = Callable[[float], None]


def unheard(told: object) -> None:
    """Where nobody listens."""


class Sgd(keras.optimizers.SGD):
    """SGD on gradients that are summed over the replicas already; Keras's own would sum them once more.

    Its `all_reduce` registers a gradient for good, and so keeps the graph of every training: 25 MB each.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


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

    def evaluate(self, model: keras.Model, examples: Examples | Streamed) -> Evaluation:
        """Loss and accuracies of the model on `examples`; the images are only whitened."""
        return evaluation(self.strategy, model, examples, self.whitening)()

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


class Pace:
    """How many steps run inside a graph between two moments in Python: a second's worth, so that signals are
    heard and a bar moves, but no more than STEPS_A_CALL.
    """

    def __init__(self) -> None:
        self._steps = FIRST_STEPS

    def spans(self, count: int) -> Iterator[tuple[int, int]]:
        """(first, last) of each call over `count` steps; the time to the next one is the call's."""
        first = 0
        while first < count:
            last, begun = min(first + self._steps, count), time.perf_counter()
            yield first, last
            second = int((last - first) / (time.perf_counter() - begun))
            self._steps = max(1, min(second, 2 * self._steps, STEPS_A_CALL))
            first = last


def evaluation(
    strategy: Any, model: keras.Model, examples: Examples | Streamed, prepare: Callable[[Any], Any]
) -> Callable[[], Evaluation]:
    """A function that measures the model, as it is when called, on `examples`; its graph is made once.

    `prepare` makes the model's input from uint8 images.
    """
    feed = feed_of(examples, EVALUATION_BATCH)

    def step(batch: Any) -> Any:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        images, labels, weights = feed.load(batch, replica, strategy.num_replicas_in_sync)
        logits = model(prepare(images), training=False)
        return evaluation_sums(logits[0] if isinstance(logits, list) else logits, labels, weights)

    def steps(state: Any, span: Any) -> Any:
        totals = tf.zeros(4)
        for number in tf.range(span[0], span[1]):
            totals += strategy.reduce("SUM", strategy.run(step, (feed.batch(state, number),)), axis=None)
        return totals

    graph = tf.function(steps).get_concrete_function(feed.begin(None), tf.constant([0, 0]))
    return lambda: measured(graph, feed)


def measured(steps: Callable[..., Any], feed: Feed) -> Evaluation:
    """What `steps(feed state, [first, last])` sums up to over all of the feed."""
    state, totals = feed.begin(None), np.zeros(4)
    for first in range(0, feed.steps, STEPS_A_CALL):
        totals += steps(state, tf.constant([first, min(first + STEPS_A_CALL, feed.steps)])).numpy()
    loss, top1, top5 = (totals[:3] / totals[3]).tolist()
    return Evaluation(loss, top1, top5, int(totals[3]))


def cross_entropy(labels: Any, logits: Any, smoothing: float) -> Any:
    """The loss of every image, against targets that share `smoothing` among all classes."""
    if not smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    classes = logits.shape[-1]
    targets = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def training_sums(losses: Any, logits: Any, labels: Any, weights: Any) -> Any:
    """Sums over a batch: loss, hits, images."""
    return _sums(weights, losses, _hits(logits, labels, 1))


def evaluation_sums(logits: Any, labels: Any, weights: Any) -> Any:
    """Sums over a batch: loss, hits among the first 1 and the first 5, images."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return _sums(weights, losses, _hits(logits, labels, 1), _hits(logits, labels, 5))


def _hits(logits: Any, labels: Any, k: int) -> Any:
    """1 where the label is among the k largest logits; of equal logits the first class counts as larger."""
    best = tf.math.top_k(logits, min(k, logits.shape[-1])).indices
    return tf.cast(tf.reduce_any(best == labels[:, None], axis=1), tf.float32)


def _sums(weights: Any, *values: Any) -> Any:
    """Weighted sums over a batch, the sum of the weights last."""
    return tf.stack([*(tf.reduce_sum(weights * value) for value in values), tf.reduce_sum(weights)])

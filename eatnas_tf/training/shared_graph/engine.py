"""The engine that trains every network by one graph, traced once in a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from eatnas_tf.layers import Network
from eatnas_tf.network.batch_norm import MOMENTUM
from eatnas_tf.network.initial import Weights, initial_weights
from eatnas_tf.training.engine import Engine, Trainee
from eatnas_tf.training.evaluation import EVALUATION_BATCH, Evaluation, measured
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.feed import Feed, feed_of
from eatnas_tf.training.losses import cross_entropy, evaluation_sums, training_sums
from eatnas_tf.training.pace import OnShare, unheard
from eatnas_tf.training.shared_graph import interpreter
from eatnas_tf.training.shared_graph.interpreter import Moments, plainly
from eatnas_tf.training.shared_graph.program import Column, Program, UnsupportedError, compiled
from eatnas_tf.training.task import CLASSIFICATION
from eatnas_tf.training.trainer import OnEpoch, Trainer

TABLE = tf.TensorSpec([None, len(Column)], tf.int32)


class SharedGraph:
    """Loads networks into one graph's variables, one network at a time; what it has no units for goes to
    `otherwise`, with one log line a reason.

    The weights are one flat vector, and so is the momentum: a new network is a new table and new vectors, and
    nothing is traced again.
    """

    def __init__(self, trainer: Trainer, classes: int, otherwise: Engine) -> None:
        self._trainer, self._classes, self._otherwise = trainer, classes, otherwise
        with trainer.strategy.scope():
            self._weights, self._momenta, self._decay, means, variances = (
                tf.Variable(tf.zeros(0), shape=[None], trainable=False) for _ in range(5)
            )
        self._moving = Moments(means, variances)
        self._said: set[str] = set()  # reasons for Keras that were logged
        self._training: Any = None
        self._evaluations: list[tuple[Examples | Streamed, Feed, Any]] = []

    def load(self, network: Network, seed: Sequence[int]) -> Trainee:
        try:
            if self._trainer.task != CLASSIFICATION:
                raise UnsupportedError(f"the task {type(self._trainer.task).__name__}")
            program = compiled(network)
        except UnsupportedError as reason:
            if str(reason) not in self._said:
                self._said.add(str(reason))
                logging.warning("trained by a Keras model: the shared graph has no unit for %s", reason)
            return self._otherwise.load(network, seed)
        return _Loaded(self, program, initial_weights(network, np.random.default_rng(seed)))

    def vectors(self) -> tuple[np.ndarray, ...]:
        return tuple(vector.numpy() for vector in (self._weights, *self._moving))

    def fill(self, program: Program, weights: Weights) -> None:
        trained, means, variances = program.flat(weights)
        decay = self._trainer.config.weight_decay
        for variable, values in (
            (self._weights, trained),
            (self._momenta, np.zeros_like(trained)),
            (self._decay, decay * program.decayed()),
            (self._moving.means, means),
            (self._moving.variances, variances),
        ):
            variable.assign(values)

    def train(self, program: Program, seed: int, on_epoch: OnEpoch, on_share: OnShare) -> bool:
        table = tf.constant(program.table)

        def steps(*arguments: Any) -> Any:
            if self._training is None:
                self._training = tf.function(self._train).get_concrete_function(*arguments, TABLE)
            return self._training(*arguments, table)

        return self._trainer.epochs(steps, seed, on_epoch, on_share)

    def evaluate(self, program: Program, examples: Examples | Streamed, on_share: OnShare) -> Evaluation:
        table = tf.constant(program.table)
        feed, graph = self._evaluation(examples)
        return measured(lambda *arguments: graph(*arguments, table), CLASSIFICATION.values, 0, feed, on_share)

    def _train(self, state: Any, span: Any, seed: Any, totals: Any, table: Any) -> Any:
        """The steps of a span, as `Trainer.epochs` calls them."""
        feed = self._trainer.feed
        for number in tf.range(span[0], span[1]):
            images, labels, weights = feed.load(feed.batch(state, number), 0, 1)
            step = seed[1] * feed.steps + number
            images = feed.augment(self._trainer.whitening(images), tf.stack([seed[0], step]))
            totals += self._step(table, images, labels, weights, step)
        return totals

    @plainly
    def _step(self, table: Any, images: Any, labels: Any, weights: Any, step: Any) -> Any:
        config, rate = self._trainer.config, self._trainer.rate
        trained = self._weights.read_value()
        features, moments, tape = interpreter.forward(table, trained, images)
        pooled, dense = tf.reduce_mean(features, [1, 2]), self._dense(table, trained)
        with tf.GradientTape() as head:
            head.watch((pooled, dense))
            logits = self._logits(pooled, dense)
            losses = cross_entropy(labels, logits, config.label_smoothing)
            loss = tf.reduce_mean(losses * weights)
        by_pooled, by_dense = head.gradient(loss, (pooled, dense))
        shape = tf.shape(features)
        by_pixel = by_pooled / tf.cast(shape[1] * shape[2], tf.float32)
        by_features = tf.broadcast_to(by_pixel[:, None, None], shape)
        gradient = tf.concat([interpreter.backward(table, trained, tape, by_features), by_dense], 0)
        for moving, batch in zip(self._moving, moments, strict=True):
            moving.assign(moving * MOMENTUM + batch * (1 - MOMENTUM))
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=self._weights.handle,
            accum=self._momenta.handle,
            lr=rate(step) if callable(rate) else rate,
            grad=gradient + self._decay * trained,
            momentum=config.momentum,
        )
        return training_sums(losses, logits, labels, weights)

    def _evaluation(self, examples: Examples | Streamed) -> tuple[Feed, Any]:
        """The feed and the graph for these examples, traced for the first network."""
        for known, feed, graph in self._evaluations:
            if known is examples:
                return feed, graph
        feed, graph = self._evaluation_graph(examples)
        self._evaluations.append((examples, feed, graph))
        return feed, graph

    def _evaluation_graph(self, examples: Examples | Streamed) -> tuple[Feed, Any]:
        feed = feed_of(examples, EVALUATION_BATCH)

        def steps(state: Any, span: Any, totals: Any, table: Any) -> Any:
            weights = self._weights.read_value()
            moving = Moments(*(vector.read_value() for vector in self._moving))
            for number in tf.range(span[0], span[1]):
                images, labels, counts = feed.load(feed.batch(state, number), 0, 1)
                features = interpreter.infer(table, weights, moving, self._trainer.whitening(images))
                logits = self._logits(tf.reduce_mean(features, [1, 2]), self._dense(table, weights))
                totals += evaluation_sums(logits, labels, counts)
            return totals

        arguments = (feed.begin(None), tf.constant([0, 0]), tf.zeros(len(CLASSIFICATION.values) + 1), TABLE)
        return feed, tf.function(steps).get_concrete_function(*arguments)

    def _dense(self, table: Any, weights: Any) -> Any:
        """The flat variables of the dense layer, which come last: kernel, then bias."""
        return weights[-(table[-1][Column.CHANNELS] + 1) * self._classes :]

    def _logits(self, pooled: Any, dense: Any) -> Any:
        kernel, bias = dense[: -self._classes], dense[-self._classes :]
        return pooled @ tf.reshape(kernel, [-1, self._classes]) + bias


class _Loaded:
    """A network in the shared graph, until the next one is loaded."""

    def __init__(self, graph: SharedGraph, program: Program, weights: Weights) -> None:
        self._graph, self._program = graph, program
        graph.fill(program, weights)

    def weights(self) -> dict[str, np.ndarray]:
        return self._program.named(self._graph.vectors())

    def assign(self, weights: Weights) -> None:
        self._graph.fill(self._program, {**self.weights(), **weights})

    def train(self, seed: int, on_epoch: OnEpoch = unheard, on_share: OnShare = unheard) -> bool:
        return self._graph.train(self._program, seed, on_epoch, on_share)

    def evaluate(self, examples: Examples | Streamed, on_share: OnShare = unheard) -> Evaluation:
        return self._graph.evaluate(self._program, examples, on_share)

    def close(self) -> None:
        """Nothing: the next network takes its place."""

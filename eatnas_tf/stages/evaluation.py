"""Evaluation of a search's candidates: build, inherit, train, measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError
from eatnas_tf.layers import Network, expand
from eatnas_tf.network import class_matching, inheritance
from eatnas_tf.network.initial import Weights
from eatnas_tf.network.weight_store import WeightStore
from eatnas_tf.searches import Candidate, Measurement, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.plans import Basic
from eatnas_tf.stages.stopwatch import TIMES, Stopwatch
from eatnas_tf.training.engine import Engine, Trainee
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.task import CLASSIFICATION, LearningTask


@dataclass(frozen=True)
class Trained:
    """A network with its trained weights, as something to inherit from."""

    network: Network
    weights: Weights


def trained(start: Basic, classes: Sequence[str]) -> Trained:
    """An architecture with its saved weights, its outputs in the order of `classes`.

    Raises InputError.
    """
    assert start.frame is not None
    assert start.weights is not None
    weights: Weights = start.weights.load()
    if start.classes is not None:
        weights = class_matching.reordered(weights, start.classes, classes)
    return Trained(expand(start.architecture, start.frame), weights)


@dataclass(frozen=True)
class Evaluator:
    """Measures candidates of one search, each as the network that `expand` makes of it.

    `on_share` is called with a candidate's id and how much of it is done. Weights are saved before the
    measurement is given back, so that a journal never names what is not there. A training that diverges
    has 0 as the metric of its score and leaves no weights. The measurement's details hold the seconds by
    part; `train` and `evaluate` include the trace of a graph where one is traced, and `save` what the engine
    tidies up. `purpose` is what the engine trains for.
    """

    expand: Callable[[Architecture], Network]
    engine: Engine
    validation: Examples | Streamed
    objective: Callable[[Network], float]
    inherit: str
    seed: int
    store: WeightStore
    basic: Trained | None = None
    on_share: Callable[[int, float], None] = lambda number, share: None
    purpose: LearningTask = CLASSIFICATION

    def __call__(self, task: Task) -> Measurement:
        clock, candidate = Stopwatch(), task.candidate
        with clock.of("build"):
            network = self.expand(candidate.architecture)
            trainee = self.engine.load(network, [self.seed, candidate.id])
        try:
            with clock.of("inherit"):
                origins = self._inherit(task, network, trainee)
            metrics, loss = self._train(candidate, trainee, clock)
            with clock.of("save"):
                if math.isfinite(loss):
                    self.store.save(candidate.id, trainee.weights())
        finally:
            with clock.of("save"):
                trainee.close()
        details = {"loss": loss if math.isfinite(loss) else None, "inherited": origins, TIMES: clock.parts}
        return Measurement(None, self.objective(network), clock.seconds, details, metrics)

    def _train(
        self, candidate: Candidate, trainee: Trainee, clock: Stopwatch
    ) -> tuple[dict[str, float], float]:
        """Metrics and loss on the validation images; 0 with a loss of NaN if the training diverged."""
        on_share = partial(self.on_share, candidate.id)
        drawn = int(np.random.default_rng([self.seed, candidate.id]).integers(2**31))
        failed = {self.purpose.metric: 0.0}
        with clock.of("train"):
            finite = trainee.train(drawn, on_share=on_share)
        if not finite:
            return failed, math.nan
        with clock.of("evaluate"):
            found = trainee.evaluate(self.validation, on_share=lambda share: on_share(1.0))
        if not math.isfinite(found.loss):
            return failed, math.nan
        return self.purpose.metrics(found.means), found.loss

    def _inherit(self, task: Task, network: Network, trainee: Trainee) -> dict[str, int] | None:
        """Gives the trainee what it inherits; says how many variables came from where."""
        parent = self._parent(task)
        if parent is None:
            return None
        weights, origins = inheritance.inherit(
            network, parent.network, trainee.weights(), parent.weights, flexible=self.inherit == "flexible"
        )
        trainee.assign(weights)
        return inheritance.summary(origins)

    def _parent(self, task: Task) -> Trained | None:
        candidate = task.candidate
        if self.inherit == "none":
            return None
        if candidate.parent is None or task.parent is None:
            return self.basic
        try:
            weights = self.store.load(candidate.parent)
        except InputError as error:
            logging.warning("candidate %d starts from fresh weights: %s", candidate.id, error)
            return None
        return Trained(self.expand(task.parent), weights)

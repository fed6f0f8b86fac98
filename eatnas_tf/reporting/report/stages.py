"""What a report tells of stages: frozen values, read from their work folders by `eatnas_tf.stages.report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eatnas_tf.layers import Frame
from eatnas_tf.layers.counting import Count
from eatnas_tf.searches import Individual, Moment
from eatnas_tf.space import Architecture, Primitive


@dataclass(frozen=True)
class Stage:
    """A stage's folder, its settings by flag, and the command that ran it last.

    `finished` says why it is over, None while it is not. `frame` is None before there is a first result.
    """

    folder: str
    kind: str
    settings: Mapping[str, Any]
    versions: Mapping[str, Any]
    command: str
    finished: str | None
    frame: Frame | None


@dataclass(frozen=True)
class Searched(Stage):
    """A search or transfer, told from its journal.

    `moments` are its cycles from the first whole population on. `basic` is what a transfer started from, None
    of a search. `counts` are the candidates' sizes in `frame`, none before that is known.
    """

    told: Mapping[int, Individual]
    moments: Sequence[Moment]
    peak: Moment | None
    basic: Architecture | None
    primitives: Sequence[Primitive]
    counts: Mapping[int, Count]

    @property
    def winner(self) -> Individual | None:
        """The best of the best population: what the search gives to the next stage, as things stand."""
        return self.peak.ranking[0] if self.peak else None

    @property
    def alive(self) -> set[int]:
        """Ids of the population as it is; of all there are before it is whole."""
        alive = self.moments[-1].population.individuals if self.moments else self.told.values()
        return {one.id for one in alive}

    @property
    def hours(self) -> float:
        """What all candidates took, added up over the workers."""
        return sum(one.measurement.seconds for one in self.told.values()) / 3600


@dataclass(frozen=True)
class Network:
    """One training of a retraining: `on` is the split that it was measured on, accuracies are fractions."""

    name: str
    architecture: str
    on: str
    top1: float
    top5: float


@dataclass(frozen=True)
class Test:
    """A retrained network on the test split; `top1` of every training of it, the first one's is the model."""

    architecture: Architecture
    params: int
    mult_adds: int
    top1: Sequence[float]
    top5: float


@dataclass(frozen=True)
class Retrained(Stage):
    """A retraining: the networks that are trained so far, and the test that ends it."""

    networks: Sequence[Network]
    test: Test | None


@dataclass(frozen=True)
class Run:
    """Stages in a row, each from the one before: a pipeline, or what led to one folder."""

    folder: str
    stages: Sequence[Searched | Retrained]

    @property
    def searches(self) -> list[Searched]:
        return [stage for stage in self.stages if isinstance(stage, Searched)]

    @property
    def tests(self) -> list[tuple[Retrained, Test, float | None]]:
        """Every network that was tested, with the hours of the searches before it, None without any."""
        found, hours = [], None
        for stage in self.stages:
            if isinstance(stage, Searched):
                hours = (hours or 0.0) + stage.hours
            elif stage.test:
                found.append((stage, stage.test, hours))
        return found

"""What a stage gives back to a program, and what a program hears meanwhile."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eatnas_tf.searches import Individual, Ledger
from eatnas_tf.space import Architecture
from eatnas_tf.stages.results import Tested
from eatnas_tf.stages.workdir import Workdir

if TYPE_CHECKING:
    import keras

    from eatnas_tf.training.trainer import Epoch


class Callback:
    """Hears what happens in a stage: override what you want to hear.

    What has happened is on the disk by then, so a callback that raises ends the stage and loses nothing;
    `eatnas_tf.Enough("reason")` ends a search with the best so far.
    """

    def on_candidate(self, individual: Individual, search: Ledger) -> None:
        """A candidate was measured and has joined the population of `search`."""

    def on_epoch(self, network: str, epoch: Epoch) -> None:
        """A retraining has finished an epoch of `network`: network1, network2, …, final."""


@dataclass(frozen=True)
class SearchResult:
    """A search or transfer: the best population, the best first, and why it is over."""

    workdir: Path
    finished: str
    quality: float
    population: tuple[Individual, ...]

    @property
    def architecture(self) -> Architecture:
        return self.population[0].architecture


@dataclass(frozen=True)
class RetrainResult(Tested):
    """The chosen network of a retraining."""

    workdir: Path
    architecture: Architecture

    def mean_and_deviation(self) -> tuple[float, float]:
        """Mean and sample standard deviation of top-1 over the trainings; 0 of a single one."""
        several = len(self.repeats) > 1
        return statistics.fmean(self.repeats), statistics.stdev(self.repeats) if several else 0.0

    def model(self) -> keras.Model:
        """The network in plain Keras: raw images (count, size, size, channels), 0 to 255, to logits."""
        from eatnas_tf.network import saved_model

        return saved_model.load(Workdir(self.workdir).model, len(self.classes))


@dataclass(frozen=True)
class EvaluationResult:
    """A retrained network on a test split. `by_class` are hits and images of every class by its name."""

    architecture: Architecture
    params: int
    mult_adds: int
    top1: float
    top5: float
    images: int
    by_class: Mapping[str, tuple[int, int]]

    def to_json(self) -> dict[str, Any]:
        return {
            "architecture": str(self.architecture),
            "params": self.params,
            "mult_adds": self.mult_adds,
            "top1": self.top1,
            "top5": self.top5,
            "images": self.images,
            "classes": {
                name: {"images": images, "top1": hits / images if images else None}
                for name, (hits, images) in self.by_class.items()
            },
        }

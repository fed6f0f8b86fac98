"""What the candidates of a search or the epochs of a retraining cost, measured in a temporary folder.

Two candidates a worker, two networks for two epochs: the first of two pays for the start, the second is like
all that would follow.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.reporting import progress
from eatnas_tf.searches import Individual, Journal, Ledger, Limits, Search, run_with
from eatnas_tf.searches.journal import line_of
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, retrain
from eatnas_tf.stages.outcomes import Callback
from eatnas_tf.stages.setting import Setting, workforce_of
from eatnas_tf.stages.stopping import Stopped, stoppable
from eatnas_tf.stages.stopwatch import Clocked
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.stages.worker import Place

if TYPE_CHECKING:
    from eatnas_tf.training.trainer import Epoch

TWICE = 2


@dataclass(frozen=True)
class Measured:
    """One candidate or network: seconds from start to end, and bytes of its weights."""

    architecture: Architecture
    seconds: float
    weights: int


@dataclass(frozen=True)
class Cost:
    """What was measured, seconds before the work is under way, seconds of one candidate or epoch from then
    on, and bytes of the lines and curves that one leaves.
    """

    measured: tuple[Measured, ...]
    start: float
    seconds: float
    traces: float = 0.0

    @property
    def weights(self) -> float:
        """Bytes of a network's weights."""
        return statistics.fmean(one.weights for one in self.measured)


def of_candidates(setting: Setting, runtime: RuntimeConfig, places: list[Place], title: str) -> Cost:
    """Measured by a search in a temporary folder that ends with its first population, two a place."""
    first = setting.first_population()[: TWICE * len(places)]
    ledger = Ledger(len(first), setting.plan.score, limits=Limits(cycles=0))
    search = Search(first, setting.plan.strategy(), ledger)
    begun, ends, taken = time.perf_counter(), [], []
    with _scratch() as workdir, progress.bar(f"{title}, dry run", len(first), "candidate") as bar:
        from eatnas_tf.stages import boards

        board = boards.of_search(setting, workdir, pictures_every=0)

        def take(individual: Individual) -> None:
            ends.append(time.perf_counter() - begun)
            weights = workdir.store.size(individual.id)
            taken.append(Measured(individual.architecture, individual.measurement.seconds, weights))
            journal.append(line_of(individual, ledger.quality))
            board.add(individual)
            bar.at(len(taken), "measured")

        workforce = Clocked(workforce_of(setting, runtime, places, workdir, lambda number, share: None))
        with Journal(workdir.journal) as journal, closing(workforce):
            run_with(search, workforce, take)
        traces = _size(workdir.journal) + _size(workdir.tensorboard) + _size(workdir.hparams)
    steady = taken[len(places) :] or taken
    seconds = statistics.fmean(one.seconds for one in steady)
    start = max(ends[: len(places)]) - seconds
    return Cost(tuple(taken), max(0.0, start), seconds, traces / len(taken))


def of_epochs(setting: retrain.Setting, runtime: RuntimeConfig, title: str) -> Cost:
    """Measured by trainings of two epochs in a temporary folder."""
    strategy = devices.strategy(runtime)
    from eatnas_tf.stages.retraining import Retrainer, Task

    config, architectures = setting.config, setting.architectures[:TWICE]
    epochs = min(TWICE, config.training.epochs)
    shorter = replace(config, training=replace(config.training, epochs=epochs))
    train, contest = setting.parts(setting.source.train())
    clock, taken = _Clock(), []
    with (
        _scratch() as workdir,
        progress.bar(f"{title}, dry run", epochs * len(architectures), "epoch") as bar,
    ):
        retrainer = Retrainer(shorter, strategy, setting.frame, workdir, bar, [clock])
        for number, architecture in enumerate(architectures, start=1):
            task = Task(number, f"network{number}", architecture)
            line = retrainer.train(task, train, contest, "test")
            taken.append(Measured(architecture, line["seconds"], workdir.store.size(number)))
    seconds = statistics.fmean(clock.of[f"network{number}"] for number, _ in enumerate(taken, start=1))
    start = statistics.fmean(one.seconds for one in taken) - epochs * seconds
    return Cost(tuple(taken), max(0.0, start), seconds)


class _Clock(Callback):
    """How long the last epoch of every network took."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}

    def on_epoch(self, network: str, epoch: Epoch) -> None:
        self.of[network] = epoch.seconds


@contextmanager
def _scratch() -> Iterator[Workdir]:
    with stoppable(), files_of_command(), tempfile.TemporaryDirectory() as folder:
        workdir = Workdir(Path(folder))
        workdir.weights_folder.mkdir()
        try:
            yield workdir
        except Stopped as stopped:
            stopped.args = (f"{str(stopped).partition(';')[0]}; a dry run leaves nothing",)
            raise


def _size(place: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 of what is not there."""
    if place.is_dir():
        return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return place.stat().st_size if place.exists() else 0

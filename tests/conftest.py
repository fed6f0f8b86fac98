"""What the tests of every folder share."""

import json
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import settings

from eatnas_tf.configs import (
    EvolutionConfig,
    FrameConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    TransferConfig,
)
from eatnas_tf.errors import InputError
from eatnas_tf.searches import Journal, Measurement, run
from eatnas_tf.searches.journal import line_of
from eatnas_tf.stages import retrain, search
from eatnas_tf.stages.setting import set_up
from eatnas_tf.stages.workdir import opened

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def strategy():
    """The one strategy of the process; whoever uses TensorFlow asks for it first."""
    from eatnas_tf.training.strategy import configure

    return configure("one_device")


@pytest.fixture(scope="session")
def full_after():
    """A context in which a file takes so many bytes and no more: as on a disk that fills up."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(size: int):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


class InMemory:
    """A second WeightStore: a dict of this process."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, np.ndarray]] = {}

    def save(self, number, weights) -> None:
        self.kept[number] = {name: np.array(value) for name, value in weights.items()}

    def load(self, number) -> dict[str, np.ndarray]:
        if number not in self.kept:
            raise InputError(f"no weights of {number}")
        return dict(self.kept[number])

    def has(self, number) -> bool:
        return number in self.kept

    def size(self, number) -> int:
        return sum(value.nbytes for value in self.kept.get(number, {}).values())

    def place(self, number) -> str:
        return f"memory/{number}"

    def keep(self, numbers, pending=()) -> None:
        for number in self.kept.keys() - {*numbers, *pending}:
            del self.kept[number]


@pytest.fixture
def memory() -> InMemory:
    """A store of weights that is no folder."""
    return InMemory()


class Folders:
    """Work folders as stages leave them, of made-up measurements: nothing is trained."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def config(self, population: int = 8, cycles: int = 12, seed: int = 0, **evolution) -> SearchConfig:
        """A search of four blocks."""
        return SearchConfig(
            FrameConfig(strides=(1, 2, 1, 2), head_filters=64),
            SpaceConfig(blocks=4),
            evolution=EvolutionConfig(
                population, max(2, population // 4), cycles, max(1, cycles), target=1e5, **evolution
            ),
            seed=seed,
        )

    def search(self, name: str, config: SearchConfig, only: int | None = None) -> Path:
        """The folder of a finished search or transfer, or as it was after so many candidates."""
        setting = set_up(config)
        kind = "transfer" if isinstance(config, TransferConfig) else "search"

        def evaluate(candidate) -> Measurement:
            size, rng = setting.size(candidate.architecture), Random(f"{config.seed}/{candidate.id}")
            if candidate.id % 97 == 96:
                return Measurement(0.0, size, 1.0, {"failed": "worker died twice (SIGKILL)"})
            liked = sum(block["kernel"] == 5 for block in candidate.architecture) / len(
                candidate.architecture
            )
            return Measurement(0.5 + 0.3 * liked + 0.1 * rng.random(), size, 36.0)

        lines = []
        with opened(kind, config, RuntimeConfig(str(self.root / name))) as workdir:
            searched = search._restored(setting, setting.first_population(), Journal(workdir.journal))
            ledger = searched.ledger

            def take(individual) -> None:
                lines.append(json.dumps(line_of(individual, ledger.quality)))
                if len(lines) == only:
                    search._write_best(workdir, ledger, setting.frame, None)

            run(searched, evaluate, take)
            with Journal(workdir.journal) as journal:  # its header; the lines at once, not a flush a line
                journal.path.write_text("".join(f"{line}\n" for line in ['{"schema": 1}', *lines[:only]]))
            if only is None:
                search._write_best(workdir, ledger, setting.frame, ledger.finished)
        return workdir.path

    def retrain(self, name: str, config: RetrainConfig, top1: float = 0.9, repeats: int = 1) -> Path:
        """The folder of a finished retraining."""
        from eatnas_tf.stages import plans

        codes = plans.to_retrain(config)
        setting = retrain.set_up(config, codes)
        lines = [
            {
                "number": number,
                "name": f"network{number}",
                "architecture": str(code),
                "on": "test",
                "top1": top1 - number / 100,
                "top5": 0.99,
                "loss": 0.5,
                "images": 1500,
                "seconds": 1.0,
            }
            for number, code in enumerate(codes, start=1)
        ]
        with opened("retrain", config, RuntimeConfig(str(self.root / name))) as workdir:
            with Journal(workdir.journal) as journal:
                for line in lines:
                    journal.append(line)
            tests = [{**lines[0], "top1": top1 - number / 100} for number in range(repeats)]
            retrain._write_best(workdir, tests, setting.frame, setting.source.classes)
        return workdir.path


@pytest.fixture(scope="session")
def folders_in():
    """Makes Folders in a folder."""
    return Folders

"""Runs cases in this process, on folders as finished stages leave them."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from absl.testing import flagsaver

from eatnas_tf import registry, searches
from eatnas_tf.bin import entry, predict
from eatnas_tf.configs import RetrainConfig, RuntimeConfig, SearchConfig
from eatnas_tf.flags import retrain as retrain_flags
from eatnas_tf.flags import search as search_flags
from eatnas_tf.layers import conv_ops
from eatnas_tf.network import weight_file
from eatnas_tf.searches import Journal, Measurement
from eatnas_tf.searches.journal import line_of
from eatnas_tf.stages import devices
from eatnas_tf.stages import evaluate as evaluating
from eatnas_tf.stages import predict as predicting
from eatnas_tf.stages import retrain as retraining
from eatnas_tf.stages import search as searching
from eatnas_tf.stages.setting import set_up
from eatnas_tf.stages.workdir import opened

from .commands import CODE, RETRAIN, SEARCH
from .damage import picture
from .harness import Case, message_of, tree


def never() -> None:
    raise AssertionError("TensorFlow was about to be loaded")


@pytest.fixture
def run(monkeypatch, tmp_path, sound) -> Iterator[Callable[[Case], None]]:
    """Runs a case's command in this process, in a folder of its own and without plugins of others."""
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    monkeypatch.setattr(registry, "_files", [])
    conv_ops.find.cache_clear()
    monkeypatch.setattr(entry.app, "run", lambda main, flags_parser: main(flags_parser(sys.argv)))
    monkeypatch.chdir(tmp_path)

    def call(case: Case) -> None:
        monkeypatch.setattr(sys, "argv", [str(case.binary.__file__), *case.arguments])
        with flagsaver.flagsaver():
            (entry.run_on_files if case.binary is predict else entry.run)(case.binary.main)

    yield call
    conv_ops.find.cache_clear()


@pytest.fixture
def refusal(run, monkeypatch, capsys, caplog, tmp_path, sound) -> Callable[..., str]:
    """What a case's command says, having ended with 2 and left the folder as it was."""

    def call(case: Case, with_tensorflow: bool = False) -> str:
        if not with_tensorflow:
            for module in (devices, evaluating, predicting):
                monkeypatch.setattr(module, "load_tensorflow", never)
        case.files(sound)
        before = tree(tmp_path)
        with pytest.raises(SystemExit) as ended:
            run(case)
        assert ended.value.code == 2
        assert tree(tmp_path) == before
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        said = capsys.readouterr()
        assert said.out == ""
        return message_of(case, said.err)

    return call


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> Path:
    """A folder of work folders as finished stages leave them, but without networks; and of an image."""
    folder = tmp_path_factory.mktemp("sound")
    with flagsaver.flagsaver():
        entry._parse(["search", *SEARCH])
        _searched(search_flags.config(), folder / "searched")
    with flagsaver.flagsaver():
        entry._parse(["retrain", *RETRAIN])
        _retrained(retrain_flags.config(), folder / "retrained")
    picture(folder / "shirt.png")
    return folder


def _searched(config: SearchConfig, folder: Path) -> None:
    setting = set_up(config)
    with opened("search", config, RuntimeConfig(str(folder))) as workdir, Journal(workdir.journal) as journal:
        search = searching._restored(setting, setting.first_population(), journal)
        searches.run(
            search,
            lambda candidate: Measurement(candidate.id / 100, setting.size(candidate.architecture), 1.0),
            lambda individual: journal.append(line_of(individual, search.ledger.quality)),
        )
        searching._write_best(workdir, search.ledger, setting.frame, search.ledger.finished)


def _retrained(config: RetrainConfig, folder: Path) -> None:
    line = {
        "number": 1,
        "name": "network1",
        "architecture": CODE,
        "on": "test",
        "top1": 0.5,
        "top5": 0.9,
        "loss": 1.5,
        "images": 1500,
        "seconds": 1.0,
    }
    with (
        opened("retrain", config, RuntimeConfig(str(folder))) as workdir,
        Journal(workdir.journal) as journal,
    ):
        journal.append(line)
        frame = config.frame.frame(28, 1, 10)
        retraining._write_best(workdir, [line], frame, tuple("0123456789"))
        weight_file.save(workdir.weights, {"stem_conv/kernel": np.zeros((3, 3, 1, 12), np.float32)})

"""The stages from Python: configs in, results out, no flags.

Settings are `eatnas_tf.configs`; their fields are the binaries' flags, by whose names messages call them. A
stage shows its progress and its table as the binary does, and a second call with the same work folder goes on
where the first one stopped. Wrong input raises `eatnas_tf.errors.InputError`. Parts of one's own are handed
in by `eatnas_tf.registry.add`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import TypeVar

from eatnas_tf import paths
from eatnas_tf.configs import DataConfig, RetrainConfig, RuntimeConfig, SearchConfig, TransferConfig
from eatnas_tf.errors import InputError
from eatnas_tf.stages import evaluate as evaluate_stage
from eatnas_tf.stages import inherited
from eatnas_tf.stages import retrain as retrain_stage
from eatnas_tf.stages import search as search_stage
from eatnas_tf.stages.outcomes import Callback, EvaluationResult, RetrainResult, SearchResult
from eatnas_tf.stages.stopping import Enough, Stopped
from eatnas_tf.training import keras_settings
from eatnas_tf.training.given_source import Datasets, GivenSource, StreamedSource, given_source

__all__ = [
    "Callback",
    "Datasets",
    "Enough",
    "EvaluationResult",
    "RetrainResult",
    "SearchResult",
    "evaluate",
    "retrain",
    "search",
    "transfer",
]
Folder = str | PathLike[str]
Config = TypeVar("Config", SearchConfig, TransferConfig, RetrainConfig)
Given = GivenSource | StreamedSource


def search(
    config: SearchConfig,
    workdir: Folder,
    data: Datasets | None = None,
    callbacks: Sequence[Callback] = (),
    distribution: str = "one_device",
    logical_cpus: int = 0,
) -> SearchResult:
    """Searches for a basic architecture (Algorithm 1), on `data` or else on the dataset of `config`.

    Candidates are evaluated by `config.workers` processes of their own, one a core or GPU by default, so that
    TensorFlow in this process stays as it is; with one worker it is this process, and it repeats bit for bit
    only if TensorFlow was not used before.
    """
    _refuse_others(config, SearchConfig, callbacks)
    config, given = _given(config, data)
    with _interruptible():
        runtime = _runtime(workdir, distribution, logical_cpus)
        return search_stage.run(config, runtime, "search", given, callbacks)


def transfer(
    config: TransferConfig,
    workdir: Folder,
    source: SearchResult | RetrainResult | Folder | None = None,
    data: Datasets | None = None,
    callbacks: Sequence[Callback] = (),
    distribution: str = "one_device",
    logical_cpus: int = 0,
) -> SearchResult:
    """Transfers the best of `source`, or `config.architecture`, to a dataset and evolves on (Algorithm 2).

    Widths of the frame that `config` leaves at None are those of `source`, and so is the dataset.
    """
    _refuse_others(config, TransferConfig, callbacks)
    config, given = _given(_from(config, source, workdir), data)
    with _interruptible():
        runtime = _runtime(workdir, distribution, logical_cpus)
        return search_stage.run(config, runtime, "transfer", given, callbacks)


def retrain(
    config: RetrainConfig,
    workdir: Folder,
    source: SearchResult | Folder | None = None,
    data: Datasets | None = None,
    callbacks: Sequence[Callback] = (),
    distribution: str = "one_device",
    logical_cpus: int = 0,
) -> RetrainResult:
    """Retrains the top k of a search, or `config.architecture`, in this process; tests the best one once.

    What `config.frame` and `config.data` leave at None is as in `source`. A dataset that was handed in to the
    search has to be handed in again.
    """
    _refuse_others(config, RetrainConfig, callbacks)
    config, given = _given(_from(config, source, workdir), data)
    with _interruptible():
        runtime = _runtime(workdir, distribution, logical_cpus)
        return retrain_stage.run(config, runtime, "retrain", given, callbacks)


def evaluate(source: RetrainResult | Folder, data: Datasets | DataConfig | None = None) -> EvaluationResult:
    """Measures a retrained network on the test split of a dataset, by default of the one it was trained on.

    What a DataConfig leaves at None is as in the retraining. Classes are matched by name.
    """
    folder = _folder(source)
    with _interruptible():
        if isinstance(data, Datasets):
            given = _source(data, evaluate_stage.image_size(folder))
            return evaluate_stage.measure(folder, given, given.name)
        if not isinstance(data, DataConfig | None):
            raise InputError(f"data: expected Datasets or a DataConfig, not {type(data).__name__}")
        return evaluate_stage.on_named(folder, data or DataConfig())


def _runtime(workdir: Folder, distribution: str, logical_cpus: int) -> RuntimeConfig:
    return RuntimeConfig(paths.local("--workdir", workdir), distribution, logical_cpus)


def _refuse_others(config: object, kind: type, callbacks: object) -> None:
    """Raises InputError for a config or callbacks of another kind: they would be noticed after a training."""
    if not isinstance(config, kind):
        raise InputError(f"config: expected a {kind.__name__}, not {type(config).__name__}")
    if not isinstance(callbacks, Sequence) or not all(isinstance(one, Callback) for one in callbacks):
        raise InputError("callbacks: expected a list of eatnas_tf.Callback; give [Yours()]")


def _given(config: Config, data: Datasets | None) -> tuple[Config, Given | None]:
    """The config with the name of a program's dataset, and that dataset."""
    if data is None:
        return config, None
    if config.data.centre_crop:
        raise InputError("centre_crop is for a dataset named in the config; crop the images of data yourself")
    given = _source(data, config.frame.image_size)
    return replace(config, data=replace(config.data, dataset=given.name)), given


def _source(data: Datasets, image_size: int | None) -> Given:
    if not isinstance(data, Datasets):
        raise InputError(f"data: expected Datasets, not {type(data).__name__}; name a dataset in the config")
    return given_source(data, image_size)


def _from(config: Config, source: SearchResult | RetrainResult | Folder | None, workdir: Folder) -> Config:
    """The config with the stage that it starts from, and with what it inherits from that."""
    if source is not None:
        config = replace(config, source=_folder(source))  # type: ignore[call-arg]
    return inherited.settled(config, paths.local("--workdir", workdir))[0]


def _folder(source: SearchResult | RetrainResult | Folder) -> str:
    return paths.local(
        "--from", source.workdir if isinstance(source, SearchResult | RetrainResult) else source
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """A signal that ended a stage goes on as Python's own exception for it; Keras's settings are restored."""
    try:
        with keras_settings.restored():
            yield
    except Stopped as stopped:
        raise KeyboardInterrupt(str(stopped)) from None

"""The whole of Algorithm 2: search, retrain, transfer, retrain, for one dataset or a chain of them."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from random import Random

from eatnas_tf.configs import PipelineConfig, RetrainConfig, RuntimeConfig, SearchConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame
from eatnas_tf.reporting import tables
from eatnas_tf.space import Architecture, SearchSpace
from eatnas_tf.stages import inherited, plans, results, retrain, search
from eatnas_tf.stages.inherited import Origin
from eatnas_tf.training.data import division, open_source


def run(config: PipelineConfig, runtime: RuntimeConfig) -> None:
    """Runs every stage in a numbered folder, or goes on where an earlier run stopped."""
    root = Path(runtime.workdir)
    refuse_early(config, runtime)
    count = 2 + 2 * len(config.transfers)
    begun: list[tuple[str, float]] = []

    def place(name: str) -> tuple[RuntimeConfig, str]:
        """The next stage's folder and title."""
        folder = f"{len(begun) + 1}-{name}"
        begun.append((folder, time.monotonic()))
        title = f"{len(begun)} of {count}: {name}"
        return dataclasses.replace(runtime, workdir=str(root / folder), boards=str(root)), title

    searched, title = place("search")
    search.run(config.search, searched, title, last=False)
    retrained, title = place("retrain")
    retrain.run(dataclasses.replace(config.retrain, source=searched.workdir), retrained, title, last=False)
    folders = [retrained.workdir]
    for transfer, retraining in config.transfers:
        searched, title = place("transfer")
        search.run(dataclasses.replace(transfer, source=folders[-1]), searched, title, last=False)
        retrained, title = place("retrain")
        retrain.run(dataclasses.replace(retraining, source=searched.workdir), retrained, title, last=False)
        folders.append(retrained.workdir)
    _show(folders, begun, root)


def refuse_early(config: PipelineConfig, runtime: RuntimeConfig) -> PipelineConfig:
    """The stages with what each will inherit from the one before.

    Raises InputError for what would end a later stage after an earlier one was paid for.
    """
    before: SearchSpace | None = None
    origin: Origin | None = None
    stages = []
    for searching, retraining in [(config.search, config.retrain), *config.transfers]:
        searched = searching if origin is None else inherited.inheriting(searching, origin)
        searched.refuse_runtime(runtime)
        space = plans.search(searched).space
        if before is not None:
            _refuse_outsiders(before, space)
        architecture = space.sample(Random(0))
        retrained = inherited.inheriting(retraining, _handed_on(searched, architecture))
        origin = _handed_on(retrained, architecture)
        if retrained.top_k > searched.evolution.population:
            raise InputError(
                f"--top_k: {retrained.top_k} to retrain of --population={searched.evolution.population}; "
                "ask for fewer"
            )
        before = space
        stages.append((searched, retrained))
    return PipelineConfig(*stages[0], tuple(stages[1:]))  # type: ignore[arg-type]


def _handed_on(stage: SearchConfig | RetrainConfig, architecture: Architecture) -> Origin:
    """What the stage hands on to the next one. Raises InputError if it cannot train `architecture`."""
    frame = _frame(stage)
    plans.trained_network(architecture, frame, stage.training)
    return Origin("the stage before", stage.data, frame)


def _refuse_outsiders(before: SearchSpace, space: SearchSpace) -> None:
    """Raises InputError unless all that one search may find can be transferred into the next one's space."""
    if before.blocks != space.blocks:
        raise InputError(
            f"--blocks: {before.blocks} in a search, {space.blocks} in the transfer after it; make them equal"
        )
    for primitive in space.primitives:
        known = {earlier.name for earlier in before.primitives}
        found = before.primitive(primitive.name).choices if primitive.name in known else (primitive.default,)
        for value in found:
            if value is not None:
                primitive.refuse_unless_chosen(value)


def _frame(stage: SearchConfig | RetrainConfig) -> Frame:
    source = open_source(stage.data, stage.frame.image_size)
    division(stage.data, source)
    if isinstance(stage, RetrainConfig):
        source.refuse_without_test()
    return stage.frame.frame(source.image_size, source.channels, len(source.classes))


def _show(folders: list[str], begun: list[tuple[str, float]], root: Path) -> None:
    """The basic and the final architecture and those between, the time, and how to see more."""
    names = ["basic", *(f"after transfer {number}" for number in range(1, len(folders) - 1)), "final"]
    rows = []
    for name, folder in zip(names, folders, strict=False):
        best, tested = results.retrained(folder)
        accuracy = f"{100 * tested.top1:.2f}"
        rows.append((name, best.architecture, f"{tested.params:,}", f"{tested.mult_adds:,}", accuracy))
    columns = ("", "architecture", "params", "mult-adds", "test accuracy %")
    tables.show("Each on the test split of its own dataset", columns, rows, left=("", "architecture"))
    ends = [start for _, start in begun[1:]] + [time.monotonic()]
    times = [f"{name} {end - start:.0f} s" for (name, start), end in zip(begun, ends, strict=True)]
    tables.note(f"time: {', '.join(times)}")
    tables.note(f"watch it: {sys.executable} -m tensorboard.main --logdir={root / 'tensorboard'}")
    tables.note(f"compare candidates: {sys.executable} -m tensorboard.main --logdir={root / 'hparams'}")

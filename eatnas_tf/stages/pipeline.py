"""The whole of Algorithm 2: search small, retrain, transfer, retrain, for one large dataset or a chain of them."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

from eatnas_tf.configs import PipelineConfig, RuntimeConfig
from eatnas_tf.reporting import tables
from eatnas_tf.stages import plans, retrain, search
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.data import open_source


def run(config: PipelineConfig, runtime: RuntimeConfig) -> None:
    """Runs every stage in a numbered folder of its own, or goes on in the one where an earlier run stopped."""
    root = Path(runtime.workdir)
    _refuse_early(config)
    count = 2 + 2 * len(config.transfers)
    seconds: list[tuple[str, float]] = []

    def stage(name: str, work: Callable[[RuntimeConfig, str], None]) -> str:
        number = len(seconds) + 1
        folder = root / f"{number}-{name}"
        start = time.monotonic()
        work(dataclasses.replace(runtime, workdir=str(folder)), f"{number} of {count}: {name}")
        seconds.append((folder.name, time.monotonic() - start))
        return str(folder)

    found = stage("search", lambda place, title: search.run(config.search, place, title))
    basic = stage("retrain", lambda place, title: retrain.run(
        dataclasses.replace(config.retrain, source=found), place, title))
    results = [("basic", basic)]
    for position, (transfer, retraining) in enumerate(config.transfers, start=1):
        begun = dataclasses.replace(transfer, source=results[-1][1])
        found = stage("transfer", lambda place, title, begun=begun: search.run(begun, place, title))
        last = dataclasses.replace(retraining, source=found)
        folder = stage("retrain", lambda place, title, last=last: retrain.run(last, place, title))
        results.append(("final" if position == len(config.transfers) else f"transfer {position}", folder))
    _show(results, seconds, root)


def _refuse_early(config: PipelineConfig) -> None:
    """Raises InputError for whatever would end a later stage after an earlier one was paid for."""
    searches = [config.search, *(transfer for transfer, _ in config.transfers)]
    for stage in searches:
        plans.search(stage)
    for stage in (*searches, config.retrain, *(retraining for _, retraining in config.transfers)):
        source = open_source(stage.data, stage.frame.image_size)
        stage.frame.frame(source.image_size, source.channels, len(source.classes))


def _show(results: list[tuple[str, str]], seconds: list[tuple[str, float]], root: Path) -> None:
    rows = []
    for name, folder in results:
        best = Workdir(Path(folder)).read("best.json")
        rows.append((name, best["architecture"], f"{best['params']:,}", f"{best['mult_adds']:,}",
                     f"{100 * best['test']['top1']:.2f}"))
    tables.show("the basic and the final architecture, each on the test split of its own dataset",
                ("", "architecture", "params", "mult-adds", "test accuracy %"), rows, left=("", "architecture"))
    times = ", ".join(f"{name} {taken:.0f} s" for name, taken in seconds)
    tables.console().print(f"time: {times}\nwatch it: {sys.executable} -m tensorboard.main --logdir={root}",
                            soft_wrap=True, markup=False)

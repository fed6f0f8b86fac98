"""What a stage would take, found out beside its folder: what is trained, how often, how long, how much disk.

Nothing is written where the stage would write, and nothing downloaded; time is measured by `costs`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from eatnas_tf.configs import (
    AblationConfig,
    PipelineConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    TrainingConfig,
    TransferConfig,
)
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.reporting import tables
from eatnas_tf.searches import Journal
from eatnas_tf.space import Architecture
from eatnas_tf.stages import ablation as ablations
from eatnas_tf.stages import costs, devices, inherited, plans, retrain
from eatnas_tf.stages.ablation import ARMS, SEARCHES, Budget
from eatnas_tf.stages.pipeline import refuse_early
from eatnas_tf.stages.setting import set_up
from eatnas_tf.stages.workdir import Workdir, agreeing
from eatnas_tf.training.data import division
from eatnas_tf.training.tfds_source import nothing_downloaded


@nothing_downloaded()
def search(config: SearchConfig, runtime: RuntimeConfig, title: str = "search") -> None:
    """Says what a search or transfer would take. Raises InputError as the stage itself would."""
    config, overrides = inherited.settled(config, runtime.workdir)
    if isinstance(config, TransferConfig):
        inherited.announce(config, overrides, config.source)
    stage = "transfer" if isinstance(config, TransferConfig) else "search"
    agreeing(stage, config, runtime)
    _search(config, runtime, title, stage)


@nothing_downloaded()
def retraining(config: RetrainConfig, runtime: RuntimeConfig, title: str = "retrain") -> None:
    """Says what a retraining would take. Raises InputError as the stage itself would."""
    config, overrides = inherited.settled(config, runtime.workdir)
    inherited.announce(config, overrides, config.source)
    agreeing("retrain", config, runtime)
    _retraining(config, plans.to_retrain(config), runtime, title, "retrain")


@nothing_downloaded()
def pipeline(config: PipelineConfig, runtime: RuntimeConfig) -> None:
    """Says what every stage would take; architectures that are yet to be found are drawn from the space."""
    config = refuse_early(config, runtime)
    last, total = 2 + 2 * len(config.transfers), 0.0
    for number, (searching, later) in enumerate([(config.search, config.retrain), *config.transfers]):
        name, step = "transfer" if number else "search", 2 * number + 1
        folders = [_within(runtime, f"{step}-{name}"), _within(runtime, f"{step + 1}-retrain")]
        agreeing(name, searching, folders[0])
        agreeing("retrain", later, folders[1])
        space = plans.search(searching).space
        drawn = [space.sample(Random(draw)) for draw in range(later.top_k)]
        if isinstance(searching, TransferConfig):
            searching = replace(searching, architecture=str(drawn[0]))
        total += _search(searching, folders[0], f"{step} of {last}: {name}")
        total += _retraining(later, drawn, folders[1], f"{step + 1} of {last}: retrain")
    tables.say(f"all stages: up to {_duration(total)}")


@nothing_downloaded()
def ablation(config: AblationConfig, runtime: RuntimeConfig) -> None:
    """Says what an ablation would take from its beginning; architectures are drawn from the space."""
    config = ablations.refuse_early(config, runtime)
    budget, drawn = Budget.of(config), plans.search(config.source).space.sample(Random(0))
    transfer = replace(config.target, architecture=str(drawn))
    later = [(config.source_retrain, "retraining of a seed", 2)]
    later += [(config.target_retrain, "training of a result", len(ARMS))]
    once = _search(config.source, runtime, "search on the source")
    searches = len(SEARCHES) - 1 + budget.longer / budget.evaluations
    once += searches * _search(transfer, runtime, f"search on the target, {searches:.1f} times")
    for retraining, what, times in later:
        once += times * _retraining(retraining, [drawn], runtime, f"{what}, {times} times")
    seeds = len(config.seeds)
    tables.say(f"one seed: up to {_duration(once)}; all {seeds}: up to {_duration(seeds * once)}")


def _within(runtime: RuntimeConfig, folder: str) -> RuntimeConfig:
    return replace(runtime, workdir=str(Path(runtime.workdir) / folder))


def _search(config: SearchConfig, runtime: RuntimeConfig, title: str, stage: str | None = None) -> float:
    """Seconds of the whole stage, after what makes them up was said.

    With a `stage`, raises InputError if its folder has seen other data.
    """
    config.refuse_runtime(runtime)
    setting = set_up(config)
    if stage is not None:
        agreeing(stage, config, runtime, fingerprint=setting.fingerprint)
    devices.refuse_missing(runtime)
    _announce(title, runtime)
    left = _say_evaluations(config, runtime)
    parts = division(config.data, setting.source)
    _say_training(config.training, setting.frame, parts.train, f"{parts.validation:,}")
    places = devices.places(runtime, config.workers)
    cost = costs.of_candidates(setting, runtime, places, title)
    _show(cost, setting.frame)
    hours = "" if config.max_hours is None else f", in no more than {config.max_hours:g} hours altogether"
    seconds = cost.start + left * cost.seconds / len(places)
    tables.say(
        f"time: {cost.start:.0f} s to start, then {cost.seconds:.1f} s a candidate, {len(places)} at a time: "
        f"up to {_duration(seconds)}{hours}"
    )
    kept = config.evolution.population + 2 + len(places)  # the best two, and what is being written
    _say_disk(runtime, kept * cost.weights + left * cost.traces)
    return seconds


def _retraining(
    config: RetrainConfig,
    architectures: Sequence[Architecture],
    runtime: RuntimeConfig,
    title: str,
    stage: str | None = None,
) -> float:
    """As `_search`."""
    setting = retrain.set_up(config, architectures)
    if stage is not None:
        agreeing(stage, config, runtime, fingerprint=setting.fingerprint)
    devices.refuse_missing(runtime)
    _announce(title, runtime)
    finals, epochs = setting.finals, config.training.epochs
    trainings = len(architectures) + finals
    tables.say(
        f"trainings: {trainings}, one a network"
        + (f", then {finals} of the best one on all images" if finals else "")
    )
    parts = division(config.data, setting.source)
    if setting.holds_out:
        _say_training(config.training, setting.frame, parts.train, f"{parts.validation:,}")
    else:
        _say_training(config.training, setting.frame, parts.whole, "the test split")
    cost = costs.of_epochs(setting, runtime, title)
    _show(cost, setting.frame)
    seconds = trainings * (cost.start + epochs * cost.seconds)
    tables.say(
        f"time: {cost.start:.0f} s a training to start and to end, {cost.seconds:.1f} s an epoch: "
        f"about {_duration(seconds)}"
    )
    _say_disk(runtime, (trainings + 2) * cost.weights)  # those of each, weights.npz and model.keras
    return seconds


def _say_evaluations(config: SearchConfig, runtime: RuntimeConfig) -> int:
    """Says how many candidates there are, and returns how many are left."""
    evolution, done = config.evolution, len(Journal(Workdir(Path(runtime.workdir)).journal).lines)
    every = evolution.population + evolution.cycles
    tables.say(
        f"evaluations: up to {every:,}, the first {evolution.population:,} architectures and a child in each "
        f"of {evolution.cycles:,} cycles" + (f"; {done:,} are done" if done else "")
    )
    return max(0, every - done)


def _say_training(recipe: TrainingConfig, frame: Frame, images: int, measured_on: str) -> None:
    tables.say(
        f"each: epochs: {recipe.epochs}, on {images:,} images of "
        f"{frame.image_size}x{frame.image_size}x{frame.channels} in {frame.num_classes:,} classes, "
        f"{recipe.batch_size} a step; measured on {measured_on}"
    )


def _say_disk(runtime: RuntimeConfig, wanted: float) -> None:
    place = Path(runtime.workdir).absolute()
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    short = "; that is too little" if free < wanted else ""
    tables.say(f"disk: up to {_megabytes(wanted)}, of {_megabytes(free)} that are free{short}")


def _show(cost: costs.Cost, frame: Frame) -> None:
    rows = []
    for one in cost.measured:
        counted = count(expand(one.architecture, frame))
        size = (f"{counted.params:,}", f"{counted.mult_adds:,}")
        rows.append((one.architecture, *size, f"{one.seconds:.1f}", f"{one.weights / 1e3:,.0f}"))
    columns = ("architecture", "params", "mult-adds", "seconds", "weights KB")
    tables.show("measured, the first ones with their start", columns, rows, left=("architecture",))


def _announce(title: str, runtime: RuntimeConfig) -> None:
    tables.say(f"{title}: a dry run, nothing is written to {runtime.workdir}")


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e10 else f"{size / 1e9:,.0f} GB"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    days, hours = divmod(minutes // 60, 24)
    return " ".join(
        [f"{days} d"] * (days > 0) + [f"{hours} h"] * (days + hours > 0) + [f"{minutes % 60} min"]
    )

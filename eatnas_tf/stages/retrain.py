"""Retraining: the top k from fresh weights, the best chosen, trained on everything, tested once."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from eatnas_tf.configs import RetrainConfig, RuntimeConfig
from eatnas_tf.errors import InputError
from eatnas_tf.evolution import Journal
from eatnas_tf.fields import NUMBER, TEXT, WHOLE, field, optional
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.reporting import progress, tables
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, plans
from eatnas_tf.stages.stopping import stop_if_asked, stoppable
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.data import Source, cut, division, open_source, split, warn_of_rare_classes

KINDS = {
    "number": WHOLE,
    "name": TEXT,
    "architecture": TEXT,
    "on": TEXT,
    "top1": NUMBER,
    "top5": NUMBER,
    "loss": optional(NUMBER),
    "images": WHOLE,
}


def run(config: RetrainConfig, runtime: RuntimeConfig, title: str = "retrain") -> None:
    """Retrains to the end, or goes on after the last network that an earlier run on the same folder finished.

    Leaves model.keras (plain Keras, raw images in), weights.npz and best.json with the test accuracies.
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    architectures = plans.to_retrain(config)
    source = open_source(config.data, config.frame.image_size)
    division(config.data, source.train_count)
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    for architecture in architectures:
        plans.trained_network(architecture, frame, config.training)
    source.refuse_without_test()
    devices.refuse_missing(runtime)
    check = partial(_done, architectures)
    with (
        stoppable(),
        opened("retrain", config, runtime, check) as workdir,
        Journal(workdir.journal) as journal,
    ):
        warn_of_rare_classes(source, config.data)
        done = _done(architectures, workdir)
        if not (workdir.path / "best.json").exists():
            _retrain(config, runtime, architectures, source, frame, journal, done, workdir, title)
        _show(done, workdir, title)


def _retrain(
    config: RetrainConfig,
    runtime: RuntimeConfig,
    architectures: list[Architecture],
    source: Source,
    frame: Frame,
    journal: Journal,
    done: dict[int, dict[str, Any]],
    workdir: Workdir,
    title: str,
) -> None:
    strategy = devices.strategy(runtime)
    from eatnas_tf.stages.retraining import Retrainer, Task

    examples = source.train()
    whole = cut(examples, config.data, config.seed)
    held_out = config.select_on == "validation" and len(architectures) > 1
    rivals = [
        Task(number, f"network{number}", architecture) for number, architecture in enumerate(architectures, 1)
    ]
    with progress.bar(title, config.training.epochs * (len(rivals) + held_out), "epoch") as bar:
        bar.resumed(config.training.epochs * len(done))
        retrainer = Retrainer(config, strategy, frame, workdir, bar)

        def carry_out(task: Task, part: Any, contest: Any, on: str) -> None:
            stop_if_asked()
            if task.number not in done:
                done[task.number] = retrainer.train(task, part, contest, on)
                journal.append(done[task.number])

        train, validation = split(examples, config.data, config.seed) if held_out else (whole, None)
        for task in rivals:
            carry_out(task, train, validation or source.test(), "validation" if held_out else "test")
        winner = max(rivals, key=lambda task: done[task.number]["top1"])
        _refuse_diverged(done[winner.number])
        if held_out:
            winner = Task(len(rivals) + 1, "final", winner.architecture)
            carry_out(winner, whole, source.test(), "test")
            _refuse_diverged(done[winner.number])
        retrainer.export(winner, whole, source.classes)
    _write_best(workdir, done[winner.number], frame, source.classes)
    workdir.keep_weights(set())


def _refuse_diverged(line: dict[str, Any]) -> None:
    if line["loss"] is None:
        raise InputError(
            f"{line['name']} is the best and its loss became no number; "
            "lower --learning_rate in another --workdir"
        )


def _done(architectures: list[Architecture], workdir: Workdir) -> dict[int, dict[str, Any]]:
    """The journal's lines by number. Raises InputError if they are not of the networks to be retrained."""
    lines = list(Journal(workdir.journal).read("a retrained network", _network))
    done = dict(enumerate(lines, start=1))
    numbers = [line["number"] for line in lines]
    if numbers != list(done):
        raise InputError(f"{workdir.journal}: networks {numbers}; expected 1, 2, … in order: restore it")
    for number, architecture in enumerate(architectures, start=1):
        found = done.get(number, {}).get("architecture", str(architecture))
        if found != str(architecture):
            raise InputError(
                f"--workdir={workdir.path} has retrained {found}, where --from now has {architecture}; "
                "use another folder"
            )
    return done


def _network(line: dict[str, Any]) -> dict[str, Any]:
    """A line as Retrainer.train makes it. Raises InputError."""
    for name, kind in KINDS.items():
        field(line, name, kind)
    Architecture.parse(line["architecture"])
    return line


def _write_best(workdir: Workdir, line: dict[str, Any], frame: Frame, classes: tuple[str, ...]) -> None:
    """best.json: the chosen architecture and how it did on the test split."""
    network = expand(Architecture.parse(line["architecture"]), frame)
    workdir.write(
        "best.json",
        {
            "schema": SCHEMA,
            "finished": "retrained and tested",
            "architecture": line["architecture"],
            "weights": workdir.weights.name,
            "frame": asdict(frame),
            **count(network)._asdict(),
            "test": {name: line[name] for name in ("top1", "top5", "loss", "images")},
            "classes": list(classes),
        },
    )


def _show(done: dict[int, dict[str, Any]], workdir: Workdir, title: str) -> None:
    tables.show(
        f"{title}: the best is in {workdir.model}",
        ("network", "on", "top-1 %", "top-5 %", "architecture"),
        [
            (
                line["name"],
                line["on"],
                f"{100 * line['top1']:.2f}",
                f"{100 * line['top5']:.2f}",
                line["architecture"],
            )
            for _, line in sorted(done.items())
        ],
        left=("network", "on", "architecture"),
    )

"""Retraining: the top k from fresh weights, the best chosen, trained on everything, tested once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from typing import Any

from eatnas_tf.configs import RetrainConfig, RuntimeConfig
from eatnas_tf.errors import InputError
from eatnas_tf.evolution import Journal
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.reporting import progress, tables
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, plans
from eatnas_tf.stages.results import Callback, RetrainResult
from eatnas_tf.stages.stopping import stop_if_asked, stoppable
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.data import Source, cut, division, held, open_source, split, warn_of_rare_classes
from eatnas_tf.training.given_source import GivenSource, StreamedSource


def run(
    config: RetrainConfig,
    runtime: RuntimeConfig,
    title: str = "retrain",
    given: GivenSource | StreamedSource | None = None,
    callbacks: Sequence[Callback] = (),
) -> RetrainResult:
    """Retrains to the end, or goes on after the last network that an earlier run on the same folder finished.

    Leaves model.keras (plain Keras, raw images in), weights.npz and best.json with the test accuracies.
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    setting = set_up(config, plans.to_retrain(config), given)
    warn_of_rare_classes(setting.source, config.data)
    devices.refuse_missing(runtime)
    with stoppable(), opened("retrain", config, runtime) as workdir, Journal(workdir.journal) as journal:
        done = {line["number"]: line for line in journal.lines}
        _refuse_others(done, setting.architectures, workdir)
        if not (workdir.path / "best.json").exists():
            _retrain(setting, runtime, journal, done, workdir, title, callbacks)
        result = _result(workdir)
        _show(done, result, title)
        return result


@dataclass(frozen=True)
class Setting:
    """A retraining with everything it starts from; `starts` are weights to inherit, if any are."""

    config: RetrainConfig
    architectures: Sequence[Architecture]
    starts: Sequence[plans.Basic] | None
    source: Source
    frame: Frame

    @property
    def holds_out(self) -> bool:
        """Whether the best is chosen on held-out training images, and trained on all of them after that."""
        return self.config.select_on == "validation" and len(self.architectures) > 1

    @property
    def finals(self) -> int:
        """Trainings of the best network after it was chosen; where that was by a test, it is one already."""
        if self.holds_out:
            return self.config.repeats
        if len(self.architectures) == 1:
            return self.config.repeats - 1
        return self.config.repeats if self.config.repeats > 1 else 0


def set_up(
    config: RetrainConfig,
    architectures: Sequence[Architecture],
    given: GivenSource | StreamedSource | None = None,
) -> Setting:
    """The retraining of these, on a program's dataset if one is given.

    Raises InputError if the settings do not fit together; loads no TensorFlow to find that out.
    """
    starts = plans.starts(config)
    source = given or open_source(config.data, config.frame.image_size)
    division(config.data, source.train_count)
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    for architecture in architectures:
        plans.trained_network(architecture, frame, config.training)
    source.refuse_without_test()
    return Setting(config, architectures, starts, source, frame)


def _retrain(
    setting: Setting,
    runtime: RuntimeConfig,
    journal: Journal,
    done: dict[int, dict[str, Any]],
    workdir: Workdir,
    title: str,
    callbacks: Sequence[Callback],
) -> None:
    strategy = devices.strategy(runtime)
    from eatnas_tf.stages.retraining import Retrainer, Task, trained

    config, source, finals = setting.config, setting.source, setting.finals
    examples = source.train()
    whole = cut(examples, config.data, config.seed)
    starts = [trained(start) for start in setting.starts] if setting.starts else []
    rivals = [
        Task(number, f"network{number}", architecture, start)
        for number, (architecture, start) in enumerate(zip_longest(setting.architectures, starts), start=1)
    ]
    with progress.bar(title, config.training.epochs * (len(rivals) + finals), "epoch") as bar:
        bar.resumed(config.training.epochs * len(done))
        retrainer = Retrainer(config, strategy, setting.frame, workdir, bar, callbacks)

        def carry_out(task: Task, part: Any, contest: Any, on: str) -> None:
            stop_if_asked()
            if task.number not in done:
                done[task.number] = retrainer.train(task, part, contest, on)
                journal.append(done[task.number])
                workdir.checkpoint_of(task.number).unlink(missing_ok=True)

        train, validation = split(examples, config.data, config.seed) if setting.holds_out else (whole, None)
        validation = None if validation is None else held(validation)
        for task in rivals:
            carry_out(task, train, validation or source.test(), "validation" if setting.holds_out else "test")
        winner = max(rivals, key=lambda task: done[task.number]["top1"])
        _refuse_diverged(done[winner.number])
        tested = [
            replace(winner, number=len(rivals) + number, name="final" if finals == 1 else f"final{number}")
            for number in range(1, finals + 1)
        ]
        for task in tested:
            carry_out(task, whole, source.test(), "test")
            _refuse_diverged(done[task.number])
        tested = [winner, *tested] if len(rivals) == 1 or not tested else tested
        retrainer.export(tested[0], whole, source.classes)
    _write_best(workdir, [done[task.number] for task in tested], setting.frame, source.classes)
    workdir.keep_weights(set())


def _refuse_diverged(line: dict[str, Any]) -> None:
    if line["loss"] is None:
        raise InputError(
            f"{line['name']} is the best and its loss became no number; "
            "lower --learning_rate in another --workdir"
        )


def _refuse_others(
    done: dict[int, dict[str, Any]], architectures: Sequence[Architecture], workdir: Workdir
) -> None:
    """Raises InputError if the journal's networks are not the ones that are to be retrained."""
    for number, architecture in enumerate(architectures, start=1):
        found = done.get(number, {}).get("architecture", str(architecture))
        if found != str(architecture):
            raise InputError(
                f"--workdir={workdir.path} has retrained {found}, where --from now has {architecture}; "
                "use another folder"
            )


def _write_best(
    workdir: Workdir, lines: list[dict[str, Any]], frame: Frame, classes: tuple[str, ...]
) -> None:
    """best.json: the chosen architecture and how each of its trainings did on the test split.

    The first one is the model that is left: the best of them would be chosen by the test.
    """
    line = lines[0]
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
            "repeats": [{name: one[name] for name in ("top1", "top5", "loss")} for one in lines],
            "classes": list(classes),
        },
    )


def _result(workdir: Workdir) -> RetrainResult:
    best = workdir.read("best.json")
    return RetrainResult(
        workdir.path,
        Architecture.parse(best["architecture"]),
        best["params"],
        best["mult_adds"],
        best["test"]["top1"],
        best["test"]["top5"],
        best["test"]["loss"],
        tuple(best["classes"]),
        tuple(one["top1"] for one in best.get("repeats", [best["test"]])),
    )


def _show(done: dict[int, dict[str, Any]], result: RetrainResult, title: str) -> None:
    tables.show(
        f"{title}: the best is in {Workdir(result.workdir).model}",
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
    if len(result.repeats) > 1:
        mean, deviation = (100 * part for part in result.mean_and_deviation())
        tables.say(
            f"top-1 {mean:.2f} ± {deviation:.2f} % on the test split, of {len(result.repeats)} trainings"
        )

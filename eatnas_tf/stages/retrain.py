"""Retraining: the top k from fresh weights, the best chosen, trained on everything, tested once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

from eatnas_tf.configs import RetrainConfig, RuntimeConfig
from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, TEXT, WHOLE, field, optional
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.network import class_matching
from eatnas_tf.reporting import progress, tables
from eatnas_tf.searches import Journal
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, inherited, plans, plugins_used, results
from eatnas_tf.stages.failures import ending
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.outcomes import Callback, RetrainResult
from eatnas_tf.stages.stopping import stop_if_asked, stoppable
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training import passes
from eatnas_tf.training.data import (
    Source,
    cut,
    division,
    held,
    open_source,
    own_validation,
    say_validation,
    split,
    warn_of_rare_classes,
)
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.given_source import GivenSource, StreamedSource

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


def run(
    config: RetrainConfig,
    runtime: RuntimeConfig,
    title: str = "retrain",
    given: GivenSource | StreamedSource | None = None,
    callbacks: Sequence[Callback] = (),
    last: bool = True,
) -> RetrainResult:
    """Retrains to the end, or goes on after the last network that an earlier run on the same folder finished.

    Leaves model.keras (plain Keras, raw images in), weights.npz and best.json with the test accuracies.
    `last` says that nothing comes after it, so that its table is the result of the whole command.
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    config, overrides = inherited.settled(config, runtime.workdir)
    with passes_shown(), plugins_used.named(runtime.workdir, config.source):
        setting = set_up(config, plans.to_retrain(config), given)
    devices.refuse_missing(runtime)
    check = partial(_done, setting.architectures)
    with (
        stoppable(),
        opened("retrain", config, runtime, check, setting.fingerprint, overrides) as workdir,
        Journal(workdir.journal) as journal,
    ):
        inherited.announce(config, overrides, config.source)
        warn_of_rare_classes(setting.source, config.data)
        if setting.holds_out:
            say_validation(setting.source, config.data)
        done = _done(setting.architectures, workdir)
        if not (workdir.path / "best.json").exists():
            _retrain(setting, runtime, journal, done, workdir, title, callbacks)
        result = _result(workdir)
        _show(done, result, title, last)
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
    def fingerprint(self) -> str:
        """What changes with the images of the retraining, those of the test included."""
        return self.source.fingerprint(tests=True)

    @property
    def holds_out(self) -> bool:
        """Whether the best is chosen on held-out training images, and trained on all of them after that."""
        return self.config.select_on == "validation" and len(self.architectures) > 1

    def parts(self, examples: Examples | Streamed) -> tuple[Examples | Streamed, Examples | Streamed]:
        """What the networks are trained on, and what they are compared on."""
        if self.holds_out:
            own = own_validation(self.source, self.config.data)
            train, validation = split(examples, self.config.data, self.config.seed, own)
            return train, held(validation)
        return cut(examples, self.config.data, self.config.seed), self.source.test()

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
    division(config.data, source)
    _refuse_default_strides(config, architectures[0])
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    for start in starts or ():
        _refuse_other_task(start, source)
    for architecture in architectures:
        plans.trained_network(architecture, frame, config.training)
    source.refuse_without_test()
    return Setting(config, architectures, starts, source, frame)


def _refuse_default_strides(config: RetrainConfig, architecture: Architecture) -> None:
    """Raises InputError where strides are needed and none are given."""
    if config.frame.strides is None and len(architecture) != len(Frame.strides):
        raise InputError(
            f"--strides is missing: the default is for {len(Frame.strides)} blocks, not {len(architecture)}; "
            "give one a block"
        )


def _refuse_other_task(start: plans.Basic, source: Source) -> None:
    """Raises InputError if weights of a search are to be inherited for other images or classes."""
    if start.frame is not None and start.frame.channels != source.channels:
        raise InputError(
            f"--init=inherit: the search's networks take {start.frame.channels} channels, the dataset has "
            f"{source.channels}; use --init=fresh or the search's dataset"
        )
    if start.classes is not None and not class_matching.same(source.classes, start.classes):
        raise InputError(
            f"--init=inherit: the search's networks know the classes {_few(start.classes)}, the dataset has "
            f"{_few(source.classes)}; use --init=fresh or the search's dataset"
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


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
    from eatnas_tf.stages.evaluation import trained
    from eatnas_tf.stages.retraining import Retrainer, Task

    config, source, finals = setting.config, setting.source, setting.finals
    with passes_shown():
        examples = source.train()
    whole = cut(examples, config.data, config.seed)
    starts = [trained(start, source.classes) for start in setting.starts] if setting.starts else []
    rivals = [
        Task(number, f"network{number}", architecture, start)
        for number, (architecture, start) in enumerate(zip_longest(setting.architectures, starts), start=1)
    ]
    total = config.training.epochs * (len(rivals) + finals)
    with progress.bar(title, total, "epoch") as bar, passes.heard(bar.aside):
        bar.resumed(config.training.epochs * len(done))
        retrainer = Retrainer(config, strategy, setting.frame, workdir, bar, callbacks)

        def carry_out(task: Task, part: Any, contest: Any, on: str) -> None:
            stop_if_asked()
            if task.number not in done:
                with ending(task.number, task.architecture, workdir):
                    done[task.number] = retrainer.train(task, part, contest, on)
                journal.append(done[task.number])
                workdir.checkpoint_of(task.number).unlink(missing_ok=True)

        train, contest = setting.parts(examples)
        for task in rivals:
            carry_out(task, train, contest, "validation" if setting.holds_out else "test")
        winner = max(rivals, key=lambda task: done[task.number]["top1"])
        _refuse_diverged(done[winner.number])
        tested = [
            replace(winner, number=len(rivals) + number, name="final" if finals == 1 else f"final{number}")
            for number in range(1, finals + 1)
        ]
        test = source.test() if tested and setting.holds_out else contest
        for task in tested:
            carry_out(task, whole, test, "test")
            _refuse_diverged(done[task.number])
        tested = [winner, *tested] if len(rivals) == 1 or not tested else tested
        retrainer.export(tested[0], whole, source.classes, source.encoding)
    _write_best(workdir, [done[task.number] for task in tested], setting.frame, source.classes)
    workdir.store.keep(set())


def _refuse_diverged(line: dict[str, Any]) -> None:
    if line["loss"] is None:
        raise InputError(
            f"{line['name']} is the best and its loss became no number: "
            "lower --learning_rate or check the images and labels, and give another --workdir"
        )


def _done(architectures: Sequence[Architecture], workdir: Workdir) -> dict[int, dict[str, Any]]:
    """The journal's lines by number. Raises InputError if they are not of the networks to be retrained."""
    lines = networks(workdir)
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


def networks(workdir: Workdir) -> list[dict[str, Any]]:
    """The journal's lines, one a network that was trained. Raises InputError."""
    return list(Journal(workdir.journal).read("a retrained network", _network))


def _network(line: dict[str, Any]) -> dict[str, Any]:
    """A line as Retrainer.train makes it. Raises InputError."""
    for name, kind in KINDS.items():
        field(line, name, kind)
    Architecture.parse(line["architecture"])
    return line


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
    best, tested = results.retrained(str(workdir.path))
    architecture = Architecture.parse(best.architecture)
    return RetrainResult(**vars(tested), workdir=workdir.path, architecture=architecture)


def _show(done: dict[int, dict[str, Any]], result: RetrainResult, title: str, last: bool) -> None:
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
        last=last,
    )
    if len(result.repeats) > 1:
        mean, deviation = (100 * part for part in result.mean_and_deviation())
        say = tables.say if last else tables.note
        say(f"top-1 {mean:.2f} ± {deviation:.2f} % on the test split, of {len(result.repeats)} trainings")

"""A report: what work folders hold is read, as far as it goes, and told on one page. TensorFlow stays out."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import eatnas_tf
from eatnas_tf import durable, registry
from eatnas_tf.errors import InputError, PartError
from eatnas_tf.fields import NUMBER, OBJECT, POSITIVE, TEXT, WHOLE, Kind, field, list_of
from eatnas_tf.layers import count, expand
from eatnas_tf.layers.counting import Count
from eatnas_tf.reporting import progress, tables
from eatnas_tf.reporting.report.stages import Network, Retrained, Run, Searched, Stage, Test
from eatnas_tf.searches import Individual, Journal, Ledger, Limits, Moment, Quality, Score, origin
from eatnas_tf.searches.journal import individuals
from eatnas_tf.space import STANDARD, Architecture, Primitive
from eatnas_tf.stages import plugins_used, results, retrain
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.stages.workdir import Workdir, refusing_write_errors

SEARCHES = ("search", "transfer")
NUMBERED = re.compile(r"[0-9]+-(search|transfer|retrain)")
NAME, COMPARISON = "report.html", "comparison.html"
LONGEST = 100  # stages in a row
EVOLUTION = {
    "population": WHOLE,
    "sample": WHOLE,
    "cycles": WHOLE,
    "patience": WHOLE,
    "min_delta": NUMBER,
    "objective": TEXT,
    "target": POSITIVE,
    "omega": NUMBER,
    "target_std": POSITIVE,
    "alpha": NUMBER,
    "beta": NUMBER,
    "seed": WHOLE,
    "primitives": list_of(TEXT),
}
VALUES = list_of(Kind("a value", lambda value: TEXT.fits(value) or NUMBER.fits(value)))


@files_of_command()
def run(workdirs: Sequence[str], output: str | None) -> Path:
    """Writes the report of one folder, or the comparison of several, and returns where it is.

    By default that is report.html in the first folder, which for several is called comparison.html. Raises
    InputError for a folder that is none of ours or damaged.
    """
    runs = [read(Path(workdir)) for workdir in workdirs]
    single_run = len(runs) == 1
    target = Path(output) if output else Path(workdirs[0]) / (NAME if single_run else COMPARISON)
    _refuse_unwritable(target)
    title = f"Report of {runs[0].folder}" if single_run else f"Comparison of {len(runs)} runs"
    _write(target, title, runs)
    tables.say(f"{title}: {target}")
    return target


def _refuse_unwritable(target: Path) -> None:
    """Raises InputError before anything is drawn."""
    if target.is_dir():
        raise InputError(f"--output={target} is a folder; give a file, such as {target / NAME}")
    if not target.parent.is_dir():
        raise InputError(
            f"--output={target}: there is no folder {target.parent}; make it, or give another file"
        )


def _write(target: Path, title: str, runs: Sequence[Run]) -> None:
    from eatnas_tf.reporting.report import comparison, page, single  # matplotlib loads only to draw

    sections = single.sections(runs[0]) if len(runs) == 1 else comparison.sections(runs)
    note = f"Written by eatnas_tf {eatnas_tf.__version__} on {time.strftime('%Y-%m-%d at %H:%M')}."
    total = len(page.pictures(sections))
    with progress.bar("report", total, "picture") as bar:
        text = page.page(title, note, sections, lambda done: bar.at(done, "drawing"))
        bar.at(total, "all are drawn")
    with refusing_write_errors():
        durable.write(target, lambda file: file.write(text.encode()))


def read(folder: Path) -> Run:
    """The stages of a pipeline's folder, or a stage's with those that it came from. Raises InputError."""
    numbered = sorted(_numbered(folder), key=lambda path: int(path.name.partition("-")[0]))
    if numbered and not _is_stage(folder):
        return Run(str(folder), [_stage(path) for path in numbered])
    if os.path.isfile(folder / "ablation.json"):
        raise InputError(
            f"--workdir={folder} is an ablation's, whose report is in {folder / 'results'}; give folders of "
            f"its stages, such as {folder / 'seed0' / 'eat' / 'search'}"
        )
    return Run(str(folder), _with_origins(folder))


def _numbered(folder: Path) -> list[Path]:
    """A pipeline's stages that have begun."""
    try:
        found = [path for path in folder.iterdir() if NUMBERED.fullmatch(path.name)]
    except OSError as error:
        raise InputError(
            f"--workdir={folder}: cannot be read ({error.strerror}); give the folder of a stage or pipeline"
        ) from None
    return list(filter(_is_stage, found))


def _is_stage(folder: Path) -> bool:
    return os.path.isfile(folder / "config.json")


def _with_origins(folder: Path) -> list[Searched | Retrained]:
    """A stage behind those that led to it, as far as they are found and are the ones that it started from."""
    stages = [_stage(folder)]
    while len(stages) < LONGEST and (source := _source(stages[0])) is not None:
        stages.insert(0, source)
    return stages


def _source(stage: Searched | Retrained) -> Searched | Retrained | None:
    """The stage in `--from`: where it was, or beside this one if both have moved together."""
    source = stage.settings.get("from")
    if not isinstance(source, str):
        return None
    for place in (Path(source), Path(stage.folder).parent / Path(source).name):
        if _is_stage(place) and os.path.realpath(place) != os.path.realpath(stage.folder):
            found = _stage(place)
            if _led_to(found, stage):
                return found
    return None


def _led_to(source: Searched | Retrained, stage: Searched | Retrained) -> bool:
    """Whether the best of `source` is what `stage` started from, as its journal tells."""
    if isinstance(source, Searched):
        given = [str(one.architecture) for one in source.peak.population.individuals] if source.peak else []
    else:
        given = [str(source.test.architecture)] if source.test else []
    if isinstance(stage, Searched):
        return str(stage.basic) in given
    return bool(stage.networks) and stage.networks[0].architecture in given


def _stage(folder: Path) -> Searched | Retrained:
    """Raises InputError; for a part that is not there, with the plugins that the stage used."""
    with plugins_used.named(folder):
        return _told(folder)


def _told(folder: Path) -> Searched | Retrained:
    workdir = Workdir(folder)
    config = workdir.read("config.json")
    best = (
        results.so_far(workdir) if os.path.exists(folder / "best.json") else None
    )  # the journal is no older
    try:
        common = _common(folder, config, best)
        plan = {} if common.kind == "retrain" else _plan(common.settings)
    except InputError as error:
        raise InputError(f"{folder / 'config.json'} is damaged ({error}); restore it") from None
    return _searched(common, workdir, plan) if plan else _retrained(common, workdir, best)


def _common(folder: Path, config: dict[str, Any], best: results.Result | None) -> Stage:
    kind = field(config, "stage", TEXT)
    if kind not in (*SEARCHES, "retrain"):
        raise InputError(f"stage is {kind!r:.60}; expected {', '.join(SEARCHES)} or retrain")
    return Stage(
        str(folder),
        kind,
        field(config, "settings", OBJECT),
        field(config, "versions", OBJECT),
        _command(field(config, "command", list_of(TEXT))),
        best.finished if best else None,
        best.frame if best else None,
    )


def _plan(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a search's journal is told again by."""
    plan = {name: field(settings, name, kind) for name, kind in EVOLUTION.items()}
    choices = {one: field(settings, f"{one.name}_choices", VALUES) for one in STANDARD}
    return {**plan, "standard": [one.restricted(tuple(found)) for one, found in choices.items()]}


def _command(arguments: list[str]) -> str:
    """What to type: a binary of ours by its module, something else as it was called."""
    if not arguments:
        return ""
    program = Path(arguments[0])
    ours = program.parent.name == "bin" and (program.parent.parent.name == "eatnas_tf")
    called = ["-m", f"eatnas_tf.bin.{program.stem}"] if ours else [str(program)]
    return shlex.join(["python", *called, *arguments[1:]])


def _primitives(plan: Mapping[str, Any]) -> list[Primitive]:
    """Those of the search's space, with its choices. Raises InputError for a plugin's that is not there."""
    return [*plan["standard"], *(registry.get("primitives", name) for name in plan["primitives"])]


def _retrained(common: Stage, workdir: Workdir, best: results.Result | None) -> Retrained:
    networks = [
        Network(line["name"], line["architecture"], line["on"], line["top1"], line["top5"])
        for line in retrain.networks(workdir)
    ]
    test = None
    if best is not None and best.tested is not None:
        tested, architecture = best.tested, Architecture.parse(best.architecture)
        test = Test(architecture, tested.params, tested.mult_adds, tested.repeats, tested.top5)
    return Retrained(**vars(common), networks=networks, test=test)


def _searched(common: Stage, workdir: Workdir, plan: Mapping[str, Any]) -> Searched:
    journal, primitives, ledger = Journal(workdir.journal), _primitives(plan), _ledger(plan)
    moments: list[Moment] = []
    told = list(individuals(journal, primitives))
    for number, individual in enumerate(told, start=2):
        with _at_line(journal, number):
            moments += ledger.replay([individual])
    with _at_line(journal, 2):
        basic = origin(told[0].candidate) if told and common.kind == "transfer" else None
    return Searched(
        **vars(common),
        told=ledger.told,
        moments=moments,
        peak=ledger.peak,
        basic=basic,
        primitives=primitives,
        counts=_counts(told, common),
    )


@contextmanager
def _at_line(journal: Journal, number: int) -> Iterator[None]:
    """What is refused in the block is refused with its line of the journal."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{journal.path}, line {number}: {error}") from None


def _ledger(plan: Mapping[str, Any]) -> Ledger:
    """A ledger with the search's settings: it takes what the search can have come to, and nothing else."""
    return Ledger(
        plan["population"],
        Score(plan["target"], plan["omega"]),
        Quality(plan["target_std"], plan["alpha"], plan["beta"]),
        Limits(plan["cycles"], plan["patience"], plan["min_delta"]),
    )


def _counts(told: Sequence[Individual], common: Stage) -> dict[int, Count]:
    """Params and mult-adds by id, without failed candidates that stand for no network. Raises InputError."""
    counts: dict[int, Count] = {}
    if common.frame is None:
        return counts
    for one in told:
        try:
            counts[one.id] = count(expand(one.architecture, common.frame))
        except PartError:
            if "failed" not in one.measurement.details:
                raise
    return counts

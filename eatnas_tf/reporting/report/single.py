"""The report of one run: its stages one by one, from the first search to the last test."""

from __future__ import annotations

from collections.abc import Iterator

from eatnas_tf.layers import Frame
from eatnas_tf.reporting.ancestry import ancestry
from eatnas_tf.reporting.figures import curves, drawing, front, lineage, occupancy
from eatnas_tf.reporting.report import wording
from eatnas_tf.reporting.report.page import (
    CHANGED,
    Cell,
    Lines,
    Part,
    Picture,
    Quantity,
    Section,
    Table,
    Text,
)
from eatnas_tf.reporting.report.stages import Retrained, Run, Searched
from eatnas_tf.searches import Individual
from eatnas_tf.space import Architecture, differences

HOW = {  # settings that say how a search went
    "dataset": "dataset",
    "train_examples": "training images",
    "validation": "held out to select on",
    "blocks": "blocks",
    "population": "population",
    "sample": "tournament",
    "cycles": "cycles, at most",
    "perturbation": "perturbation",
    "inherit": "inheritance",
    "objective": "objective",
    "target": "its target T",
    "omega": "its exponent ω",
    "epochs": "epochs a candidate",
    "batch_size": "batch",
    "learning_rate": "learning rate",
    "seed": "seed",
    "workers": "workers",
}
LIMITS = ("layers", "expansion")
COUNTED = ("params", "mult_adds")  # what a table has anyway, whatever the objective is
CURVES = {
    "quality": "Population quality Q: mean and spread of the scores together",
    "score": "Scores of the population",
    "accuracy": "Mean validation accuracy of the population",
    "size": "Mean size of the population, in the unit of the objective",
}


def sections(run: Run) -> list[Section]:
    """Everything that is told of a run."""
    found = [_overview(run)]
    if run.tests:
        found.append(_table_1(run))
    for number, stage in enumerate(run.stages, start=1):
        if isinstance(stage, Searched):
            found += _of_search(stage, f"search{number}")
        else:
            found.append(_of_retraining(stage))
    found += _of_transfers(run)
    found.append(commands([run]))
    found += [_candidates(search) for search in run.searches]
    return found


def commands(runs: list[Run]) -> Section:
    """What to type to have it all again; one that ran several stages stands once."""
    lines = dict.fromkeys(stage.command for run in runs for stage in run.stages)
    advice = (
        "In another --workdir these repeat what is shown here: the seed and every setting are in the "
        "command, in a preset that it names, or in its folder's config.json. With several workers, or on a "
        "GPU, the results differ a little from run to run."
    )
    return Section("The commands to repeat it", [Lines(list(lines)), Text(advice)])


def _overview(run: Run) -> Section:
    rows = [
        (
            stage.folder,
            stage.kind,
            wording.setting(stage.settings.get("dataset")),
            wording.setting(stage.settings.get("seed")),
            *_spent(stage),
            wording.standing(stage),
        )
        for stage in run.stages
    ]
    columns = ("folder", "stage", "dataset", "seed", "networks", "hours", "how it stands")
    told = "Networks that were trained, and the hours of a search's, added up over the workers."
    return Section("What was done", [Table(columns, rows), Text(told)])


def _spent(stage: Searched | Retrained) -> tuple[Cell, Cell]:
    if isinstance(stage, Searched):
        return wording.whole(len(stage.told)), wording.hours(stage.hours)
    return wording.whole(len(stage.networks)), wording.UNKNOWN


def _table_1(run: Run) -> Section:
    note = (
        "As Table 1 of the paper (arXiv 1901.05884). Each on the test split of its own dataset, top-1 as "
        "mean ± standard deviation where there were several trainings. Search cost: the time of every "
        "candidate of the searches before it, added up over the workers; retraining is not in it."
    )
    return Section("The networks that were tested", [wording.table_1(run), Text(note)])


def _of_search(stage: Searched, name: str) -> Iterator[Section]:
    how = [
        (words, wording.setting(stage.settings[key]))
        for key, words in HOW.items()
        if stage.settings.get(key) is not None
    ]
    yield Section(
        f"{stage.folder}: how it was searched",
        [
            Text(f"{len(stage.told):,} candidates. {wording.standing(stage).capitalize()}."),
            Table(("", ""), [*_images(stage), *how, *_space(stage)]),
            wording.settings(stage),
        ],
    )
    if stage.told:
        yield Section(f"{stage.folder}: how it went", list(_pictures(stage, name)))
    if stage.winner is not None:
        yield Section(f"{stage.folder}: the family tree of the winner", _family(stage, stage.winner, name))


def _images(stage: Searched) -> list[tuple[str, str]]:
    frame = stage.frame
    if frame is None:
        return []
    return [
        ("images", f"{frame.image_size}×{frame.image_size}×{frame.channels}, {frame.num_classes:,} classes")
    ]


def _space(stage: Searched) -> list[tuple[str, str]]:
    choices = [(one.name, ", ".join(map(one.text, one.choices))) for one in stage.primitives]
    return [
        *choices,
        *((word, wording.setting(stage.settings[word])) for word in LIMITS if stage.settings.get(word)),
    ]


def _pictures(stage: Searched, name: str) -> Iterator[Part]:
    objective = str(stage.settings["objective"])
    if stage.moments:
        for kind, figure in curves.of_search(stage.moments, objective).items():
            yield Picture(f"{name}-{kind}", CURVES[kind], figure)
    individuals = list(stage.told.values())
    yield Picture(
        f"{name}-front",
        "Every candidate, the population as it is, and the front: nothing is both smaller and better",
        front.of_candidates(individuals, stage.alive, objective),
    )
    alive = [one.architecture for one in individuals if one.id in stage.alive]
    yield Picture(
        f"{name}-values",
        "How often each value lives in the population, block by block",
        occupancy.of_population(alive, stage.primitives),
        broad=True,
    )


def _family(stage: Searched, winner: Individual, name: str) -> list[Part]:
    line = ancestry(winner, stage.told)
    rows = [_relative(one, before, stage) for one, before in zip(line, (None, *line[:-1]), strict=True)]
    size = str(stage.settings["objective"]).replace("_", "-")
    columns = ("id", "cycle", CHANGED, "accuracy %", "", size, "", "score", "", "children")
    told = (
        f"Candidate {winner.id} leads the best population. Its line begins with candidate {line[0].id} of "
        f"the first population, mutations since then: {len(line) - 1}. Beside each value is what the "
        "mutation brought."
    )
    parts: list[Part] = [
        Text(told),
        Table(columns, rows),
        Picture(f"{name}-line", "The winner's line", lineage.of_line(line), broad=True),
    ]
    if stage.frame is not None:
        title = f"candidate {winner.id}"
        figure = drawing.of_architecture(winner.architecture, stage.frame, title)
        parts.append(Picture(f"{name}-winner", f"The winner: {winner.architecture}", figure, broad=True))
    return parts


def _relative(one: Individual, before: Individual | None, stage: Searched) -> tuple[Cell, ...]:
    """A row of the winner's line: what one has, and what that is more than its parent's."""
    changed = wording.changed(one.candidate.mutated)
    if before is None:
        changed = f"of the basic architecture: {changed}" if changed else "a founder"
    accuracy = wording.accuracy(before) * 100 if before else None
    return (
        wording.whole(one.id),
        wording.whole(one.cycle),
        changed,
        wording.percent(wording.accuracy(one)),
        wording.gain(100 * wording.accuracy(one), accuracy, 2),
        wording.size(one.measurement.size),
        wording.gain(one.measurement.size, before.measurement.size if before else None, 0),
        wording.number(one.score, 4),
        wording.gain(one.score, before.score if before else None, 4),
        wording.whole(sum(other.candidate.parent == one.id for other in stage.told.values())),
    )


def _of_retraining(stage: Retrained) -> Section:
    rows = [
        (one.name, one.on, wording.percent(one.top1), wording.percent(one.top5), one.architecture)
        for one in stage.networks
    ]
    parts: list[Part] = [
        Text(f"{wording.standing(stage).capitalize()}."),
        Table(("network", "measured on", "top-1 %", "top-5 %", "architecture"), rows),
        wording.settings(stage),
    ]
    return Section(f"{stage.folder}: retraining", parts)


def _of_transfers(run: Run) -> Iterator[Section]:
    """Of every transfer, what it started from beside what it came to."""
    before = None
    for number, stage in enumerate(run.stages, start=1):
        if isinstance(stage, Searched) and stage.basic and stage.winner and stage.frame:
            first = before.frame if before is not None and before.frame is not None else stage.frame
            pair = (stage.basic, stage.winner.architecture)
            yield _transferred(pair, (first, stage.frame), f"transfer{number}", stage.folder)
        before = stage


def _transferred(
    pair: tuple[Architecture, Architecture], frames: tuple[Frame, Frame], name: str, folder: str
) -> Section:
    changes = differences(*pair)
    said = f"{len(changes)} of the basic architecture's values were changed: {wording.changed(changes)}."
    figure = drawing.compared(*pair, frames, ("basic", "transferred"))
    caption = "The basic architecture and the transferred one, each in the frame of its stage"
    return Section(
        f"{folder}: basic beside transferred",
        [Text(said), Picture(name, caption, figure, broad=True)],
    )


def _candidates(stage: Searched) -> Section:
    objective = str(stage.settings["objective"])
    size = () if objective in COUNTED else (objective,)
    columns = ("id", "cycle", "parent", CHANGED, "accuracy %", *size, "params", "mult-adds", "score")
    rows = [_row(one, stage, bool(size)) for one in stage.told.values()]
    order = columns.index("score")
    table = Table((*columns, "seconds", "state", "architecture"), rows, large=True, order=order)
    return Section(f"{stage.folder}: every candidate", [table])


def _row(one: Individual, stage: Searched, with_size: bool) -> tuple[Cell, ...]:
    counted, parent = stage.counts.get(one.id), one.candidate.parent
    return (
        wording.whole(one.id),
        wording.whole(one.cycle),
        Quantity("", -1) if parent is None else wording.whole(parent),
        wording.changed(one.candidate.mutated),
        wording.percent(wording.accuracy(one)),
        *([wording.size(one.measurement.size)] if with_size else []),
        wording.whole(counted.params) if counted else wording.UNMEASURED,
        wording.whole(counted.mult_adds) if counted else wording.UNMEASURED,
        wording.number(one.score, 4),
        wording.number(one.measurement.seconds, 1),
        _state(one, stage),
        str(one.architecture),
    )


def _state(one: Individual, stage: Searched) -> str:
    failed = one.measurement.details.get("failed")
    if failed:
        return f"failed: {failed}"
    return "alive" if one.id in stage.alive else "replaced"

"""The comparison of several runs: groups of one setting, told as a mean and a band over their seeds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from eatnas_tf.reporting.figures import curves
from eatnas_tf.reporting.report import wording
from eatnas_tf.reporting.report.page import Cell, Part, Picture, Section, Table, Text
from eatnas_tf.reporting.report.single import CURVES, commands
from eatnas_tf.reporting.report.stages import Run, Searched

# Settings that runs of one group may differ in: their seed, and where and how they were watched.
OF_A_RUN = ("seed", "from", "workers", "max_hours", "pictures_every")
NAMED = 3  # settings in a group's name


@dataclass(frozen=True)
class Group:
    """Runs whose settings differ in nothing but what is OF_A_RUN."""

    name: str
    runs: Sequence[Run]


def sections(runs: Sequence[Run]) -> list[Section]:
    """Everything that is told of several runs side by side."""
    groups = grouped(runs)
    found = [_overview(groups), *_searches(groups)]
    if any(run.tests for run in runs):
        found.append(_tests(groups))
    found += [_differences(groups)] if len(groups) > 1 else []
    return [*found, commands(list(runs))]


def grouped(runs: Sequence[Run]) -> list[Group]:
    """The groups, named by a letter and by what sets them apart."""
    by_setting: dict[str, list[Run]] = {}
    for run in runs:
        by_setting.setdefault(json.dumps(_settings(run), sort_keys=True), []).append(run)
    firsts = [found[0] for found in by_setting.values()]
    apart, chains = _apart(firsts), len({_stages(run) for run in firsts}) > 1
    return [
        Group(_name(number, found[0], apart, chains) if len(firsts) > 1 else "all runs", found)
        for number, found in enumerate(by_setting.values(), start=1)
    ]


def _settings(run: Run) -> dict[str, Any]:
    """Whatever makes a group, by stage and flag."""
    return {
        f"{number}-{stage.kind} {name}": value
        for number, stage in enumerate(run.stages, start=1)
        for name, value in stage.settings.items()
        if name not in OF_A_RUN
    }


def _apart(runs: Sequence[Run]) -> list[str]:
    """The settings in which these are not all alike, of the stages that all of them have."""
    found = [_settings(run) for run in runs]
    return [
        name
        for name in dict.fromkeys(name for settings in found for name in settings)
        if all(_stage_of(name) in map(_stage_of, one) for one in found)
        and any(one.get(name) != found[0].get(name) for one in found)
    ]


def _stage_of(name: str) -> str:
    """The stage in one of the names of `_settings`."""
    return name.partition(" ")[0]


def _stages(run: Run) -> str:
    return ", ".join(stage.kind for stage in run.stages)


def _name(number: int, run: Run, apart: Sequence[str], chains: bool) -> str:
    """A group's name: with `chains` of different stages its first run's folder, then what sets it apart."""
    settings, flags = _settings(run), [name.split()[1] for name in apart]
    words = [
        # Two stages may differ in a flag of the same name: then the stage is part of it.
        f"{name if flags.count(flag) > 1 else flag}={wording.setting(settings.get(name))}"
        for name, flag in zip(apart[:NAMED], flags, strict=False)
    ]
    place = ["/".join(Path(run.folder).parts[-2:])] if chains else []
    return f"{number}: {', '.join([*place, *words])}"


def _overview(groups: Sequence[Group]) -> Section:
    rows: list[tuple[Cell, ...]] = [
        (
            group.name,
            run.folder,
            wording.setting(run.stages[0].settings.get("seed")),
            _stages(run),
            wording.whole(sum(len(search.told) for search in run.searches)),
            wording.hours(sum(search.hours for search in run.searches)) if run.searches else "",
            wording.standing(run.stages[-1]),
        )
        for group in groups
        for run in group.runs
    ]
    columns = ("group", "folder", "seed", "stages", "candidates", "search cost h", "how it stands")
    told = (
        "Runs whose settings differ in the seed only are one group. Hours are those of all candidates, added "
        "up over the workers."
    )
    return Section("The runs", [Table(columns, rows), Text(told)])


def _searches(groups: Sequence[Group]) -> Iterator[Section]:
    """The searches that are at the same place in their runs, beside each other."""
    every = [run.searches for group in groups for run in group.runs]
    for place, column in enumerate(zip_longest(*every)):
        found = [search for search in column if search is not None]
        kinds = " and ".join(sorted({search.kind for search in found}))
        yield Section(f"Search {place + 1}: {kinds}", list(_compared(groups, place)))


def _compared(groups: Sequence[Group], place: int) -> Iterator[Part]:
    found = {
        group.name: [run.searches[place] for run in group.runs if place < len(run.searches)]
        for group in groups
    }
    rows = [_ended(name, searches) for name, searches in found.items() if searches]
    columns = ("group", "searches", "candidates", "best quality Q", "winner's score", "winner's accuracy %")
    yield Table(columns, rows)
    yield Text(
        "Mean ± sample standard deviation over the searches of a group. In the pictures, the line is their "
        "mean and the band goes from the least to the greatest; it ends where the first of them does."
    )
    objectives = {str(search.settings.get("objective")) for group in found.values() for search in group}
    moments = {name: [search.moments for search in searches] for name, searches in found.items() if searches}
    for kind, figure in curves.of_searches(moments, " or ".join(sorted(objectives))).items():
        yield Picture(f"search{place + 1}-{kind}", CURVES[kind], figure)


def _ended(name: str, searches: Sequence[Searched]) -> tuple[Cell, ...]:
    peaks = [search.peak.quality for search in searches if search.peak]
    winners = [search.winner for search in searches if search.winner]
    return (
        name,
        wording.whole(len(searches)),
        wording.whole(sum(len(search.told) for search in searches)),
        _estimate(peaks, 1, 4),
        _estimate([one.score for one in winners], 1, 4),
        _estimate([wording.accuracy(one) for one in winners], 100, 2),
    )


def _estimate(values: Sequence[float], factor: float, digits: int) -> Cell:
    if not values:
        return wording.UNMEASURED
    mean = factor * statistics.fmean(values)
    spread = f" ± {factor * statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return wording.Quantity(f"{mean:.{digits}f}{spread}", mean)


def _tests(groups: Sequence[Group]) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        for place in zip_longest(*(run.tests for run in group.runs)):
            tested = [one for one in place if one is not None]
            names = ", ".join(stage.folder for stage, _, _ in tested)
            rows.append(
                (
                    group.name,
                    names,
                    wording.setting(tested[0][0].settings.get("dataset")),
                    _estimate([test.params for _, test, _ in tested], 1e-6, 3),
                    _estimate([test.mult_adds for _, test, _ in tested], 1e-6, 3),
                    _estimate([test.top1[0] for _, test, _ in tested], 100, 2),
                    _estimate([test.top5 for _, test, _ in tested], 100, 2),
                    _estimate([hours for _, _, hours in tested if hours is not None], 1, 2),
                )
            )
    columns = ("group", "models", "dataset", "params M", "mult-adds M", "top-1 %", "top-5 %", "search cost h")
    told = "As Table 1 of the paper; mean ± sample standard deviation over the runs of a group."
    return Section("The networks that were tested", [Table(columns, rows), Text(told)])


def _differences(groups: Sequence[Group]) -> Section:
    found = {f"group {number}": _settings(group.runs[0]) for number, group in enumerate(groups, start=1)}
    names = _apart([group.runs[0] for group in groups])
    rows = [(name, *(wording.setting(settings.get(name)) for settings in found.values())) for name in names]
    rows.insert(0, ("stages", *(_stages(group.runs[0]) for group in groups)))
    return Section("What sets the groups apart", [Table(("stage and setting", *found), rows)])

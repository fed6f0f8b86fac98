"""Curves of searches, with a band over those drawn as one; and what the arms of an ablation came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from statistics import fmean
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eatnas_tf.reporting.arms import Arm, Outcome, Point
from eatnas_tf.reporting.figures.style import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    ORANGE,
    PLAIN,
    PURPLE,
    SIZE,
    SKY,
    VERMILLION,
    blank,
    named,
    plain,
)
from eatnas_tf.searches import Moment

Value = Callable[[Point], float]
Curve = Sequence[tuple[float, float]]
CYCLE = "cycle"
EVALUATIONS = "candidates evaluated"
ACCURACY = "mean validation accuracy of the population (%)"
QUALITY = "population quality Q"
APART = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY)  # clear on white, and on black when inverted
LETTERS = 80  # in a row of the legend


class Group(NamedTuple):
    """Curves of (x, y) that are drawn as one, in a band: those of the seeds of one setting."""

    name: str
    colour: str
    curves: Sequence[Curve]


def of_search(moments: Sequence[Moment], objective: str) -> dict[str, Figure]:
    """The population of one search by name of the picture; every picture is empty before there is one."""
    scores = {
        "best": lambda moment: max(moment.population.scores),
        "mean": _mean_score,
        "worst": lambda moment: min(moment.population.scores),
    }
    found = {
        name: _of_groups([_group("population", COLOURS[0], [moments], value)], label)
        for name, (label, value) in _measured(objective).items()
    }
    lines = zip(scores.items(), APART, strict=False)
    groups = [_group(name, colour, [moments], value) for (name, value), colour in lines]
    return {**found, "score": _of_groups(groups, "score of the population")}


def of_searches(searches: Mapping[str, Sequence[Sequence[Moment]]], objective: str) -> dict[str, Figure]:
    """Populations of several searches by name of the picture: a line a group, in a band over its searches.

    A line ends where the first search of its group does.
    """
    values = {**_measured(objective), "score": ("mean score of the population", _mean_score)}
    return {
        name: _of_groups(
            [
                _group(group, colour, found, value)
                for (group, found), colour in zip(searches.items(), cycle(APART), strict=False)
            ],
            label,
        )
        for name, (label, value) in values.items()
    }


def _measured(objective: str) -> dict[str, tuple[str, Callable[[Moment], float]]]:
    size = f"mean {objective.replace('_', '-')} of the population"
    return {
        "quality": (QUALITY, lambda moment: moment.quality),
        "accuracy": (ACCURACY, lambda moment: 100 * _mean(moment, "accuracy")),
        "size": (size, lambda moment: _mean(moment, "size")),
    }


def _mean(moment: Moment, name: str) -> float:
    return fmean(getattr(one.measurement, name) for one in moment.population.individuals)


def _mean_score(moment: Moment) -> float:
    return fmean(moment.population.scores)


def _group(
    name: str, colour: str, searches: Sequence[Sequence[Moment]], value: Callable[[Moment], float]
) -> Group:
    curves = [[(moment.evaluations, value(moment)) for moment in moments] for moments in searches]
    return Group(name, colour, curves)


def _of_groups(groups: Sequence[Group], label: str) -> Figure:
    return _curves(groups, EVALUATIONS, label)


def of_ablation(outcomes: Sequence[Outcome], cycles: int) -> dict[str, Figure]:
    """The pictures by name: the curves of the paper's Figures 4 and 5, equal costs, and the test.

    By cycle, searches of no more than `cycles` are compared.
    """
    colours = dict(zip(dict.fromkeys(one.arm for one in outcomes), COLOURS, strict=False))
    searched = [one for one in outcomes if one.points]
    equal = [one for one in searched if one.points[-1].cycle <= cycles]

    def by_cycle(label: str, value: Value) -> Figure:
        return _curves(_groups(equal, colours, lambda point: point.cycle, value), CYCLE, label)

    return {
        "mean_accuracy": by_cycle(ACCURACY, _percent),
        "mean_mult_adds": by_cycle("mean mult-adds (millions)", lambda point: point.mean_mult_adds / 1e6),
        "quality": by_cycle(QUALITY, lambda point: point.quality),
        "equal_cost": _curves(
            _groups(searched, colours, lambda point: point.images / 1e6, _percent),
            "images trained on, those on the source counted (millions)",
            ACCURACY,
        ),
        "test_accuracy": _test(outcomes, colours),
    }


def _groups(outcomes: Sequence[Outcome], colours: Mapping[Arm, str], across: Value, up: Value) -> list[Group]:
    """A group an arm, a curve a seed."""
    return [
        Group(
            arm.name,
            colour,
            [[(across(point), up(point)) for point in one.points] for one in outcomes if one.arm == arm],
        )
        for arm, colour in colours.items()
    ]


def _percent(point: Point) -> float:
    return 100 * point.mean_accuracy


def _curves(groups: Sequence[Group], across: str, up: str) -> Figure:
    """A line a group through the means of its curves, in a band from the least to the greatest."""
    figure, axes = _axes()
    for name, colour, curves in groups:
        found: dict[float, list[float]] = {}
        for place, value in (point for curve in curves for point in curve):
            found.setdefault(place, []).append(value)
        places = [place for place, values in found.items() if len(values) == len(curves)]
        if places:
            above = 2 + 1 / len(places)  # a longer curve may begin with the whole of a shorter one
            means = [fmean(found[place]) for place in places]
            marker = "o" if len(places) == 1 else None
            axes.plot(places, means, color=colour, label=named(name, LETTERS), zorder=above, marker=marker)
            low, high = ([choose(found[place]) for place in places] for choose in (min, max))
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(across)
    axes.set_ylabel(up, **PLAIN)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.10g}")
    if axes.lines and len(groups) > 1:
        columns = max(1, min(len(groups), LETTERS // max(len(name) for name, _, _ in groups)))
        legend = figure.legend(frameon=False, loc="outside upper center", ncols=columns)
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


def _test(outcomes: Sequence[Outcome], colours: Mapping[Arm, str]) -> Figure:
    """A row an arm: a dot a seed, a bar at the mean."""
    figure, axes = _axes()
    for row, (arm, colour) in enumerate(colours.items()):
        values = [100 * one.top1 for one in outcomes if one.arm == arm]
        axes.plot(values, [row] * len(values), "o", color=colour, alpha=0.7)
        axes.plot([fmean(values)], [row], "|", color=colour, markersize=22, markeredgewidth=2.5)
    axes.set_yticks(range(len(colours)), [arm.name for arm in colours])
    axes.invert_yaxis()
    axes.set_xlabel("test accuracy on the target (%); a dot a seed, the bar their mean")
    return figure


def _axes() -> tuple[Figure, Axes]:
    figure = blank(*SIZE)
    return figure, plain(figure.add_subplot())

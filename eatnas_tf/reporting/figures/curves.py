"""Curves of several searches, one colour an arm, with a band over its seeds; and what they came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eatnas_tf.reporting.arms import Arm, Outcome, Point
from eatnas_tf.reporting.figures.style import COLOURS, SIZE, blank, plain

Value = Callable[[Point], float]
CYCLE = "cycle"
ACCURACY = "mean validation accuracy of the population (%)"


def of_ablation(outcomes: Sequence[Outcome], cycles: int) -> dict[str, Figure]:
    """The pictures by name: the curves of the paper's Figures 4 and 5, equal costs, and the test.

    By cycle, searches of no more than `cycles` are compared.
    """
    colours = dict(zip(dict.fromkeys(one.arm for one in outcomes), COLOURS, strict=False))
    searched = [one for one in outcomes if one.points]
    equal = [one for one in searched if one.points[-1].cycle <= cycles]

    def by_cycle(label: str, value: Value) -> Figure:
        return _curves(equal, colours, (CYCLE, lambda point: point.cycle), (label, value))

    return {
        "mean_accuracy": by_cycle(ACCURACY, _percent),
        "mean_mult_adds": by_cycle("mean mult-adds (millions)", lambda point: point.mean_mult_adds / 1e6),
        "quality": by_cycle("population quality Q", lambda point: point.quality),
        "equal_cost": _curves(
            searched,
            colours,
            ("images trained on, those on the source counted (millions)", lambda point: point.images / 1e6),
            (ACCURACY, _percent),
        ),
        "test_accuracy": _test(outcomes, colours),
    }


def _percent(point: Point) -> float:
    return 100 * point.mean_accuracy


def _curves(
    outcomes: Sequence[Outcome], colours: Mapping[Arm, str], across: tuple[str, Value], up: tuple[str, Value]
) -> Figure:
    """A line an arm through the means over its seeds, in a band from the least to the greatest."""
    figure, axes = _axes()
    for arm, colour in colours.items():
        curves = [one.points for one in outcomes if one.arm == arm]
        found: dict[float, list[float]] = {}
        for point in (point for curve in curves for point in curve):
            found.setdefault(across[1](point), []).append(up[1](point))
        places = [place for place, values in found.items() if len(values) == len(curves)]
        if places:
            above = 2 + 1 / len(places)  # a longer curve may begin with the whole of a shorter one
            means = [fmean(found[place]) for place in places]
            axes.plot(places, means, color=colour, label=arm.name, zorder=above)
            low, high = ([choose(found[place]) for place in places] for choose in (min, max))
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(across[0])
    axes.set_ylabel(up[0])
    if axes.lines:
        figure.legend(frameon=False, loc="outside upper center", ncols=len(colours))
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

"""Accuracy against size: every candidate of a search, who is alive, and the Pareto front."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from eatnas_tf.reporting import pareto
from eatnas_tf.reporting.figures.style import BLUE, GREY, INK, PLAIN, VERMILLION, named, plain, sized
from eatnas_tf.searches import Individual, top

SIZE, AROUND = (7.2, 4.2), (0.7, 0.15, 0.4, 0.55)  # inches: the axes, and around them
UNITS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"))
WIDE = 8  # from here on, the largest size over the smallest, sizes have a logarithmic axis
TICKS = {2: (1.0, 2.0, 5.0), 100: (1.0, 3.0), 1000: (1.0,)}  # parts of a decade, by the range of sizes


def of_candidates(individuals: Sequence[Individual], alive: Collection[int], objective: str) -> Figure:
    """Accuracy (%) against `objective` of all candidates; those in `alive` are the population.

    Failed candidates, of accuracy 0, are counted below the picture and not drawn. The best is that by score.
    """
    figure, axes = sized(*SIZE, AROUND)
    plain(axes)
    shown = [one for one in individuals if one.measurement.accuracy > 0]
    unit, word = _unit([one.measurement.size for one in shown])
    _dots(axes, [one for one in shown if one.id not in alive], unit, GREY, "evaluated", 14)
    _dots(axes, [one for one in shown if one.id in alive], unit, BLUE, "population", 30)
    _line(axes, pareto.front(shown), unit)
    if shown:
        _scale(axes, [one.measurement.size / unit for one in shown])
        _label(axes, top(shown, 1)[0], unit)
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)
    failed = len(individuals) - len(shown)
    note = f"; {failed:,} without an accuracy are not shown" if failed else ""
    axes.set_xlabel(f"{named(objective, 40).replace('_', '-')}{word}{note}", **PLAIN)
    axes.set_ylabel("validation accuracy (%)")
    return figure


def _dots(
    axes: Axes, individuals: Sequence[Individual], unit: float, colour: str, label: str, area: float
) -> None:
    if individuals:
        crowded = 0.35 if len(individuals) > 200 else 0.7
        axes.scatter(
            [one.measurement.size / unit for one in individuals],
            [100 * one.measurement.accuracy for one in individuals],
            s=area,
            color=colour,
            alpha=crowded,
            linewidths=0,
            label=f"{label} ({len(individuals):,})",
        )


def _line(axes: Axes, front: Sequence[Individual], unit: float) -> None:
    """Steps: what the best accuracy is at each size."""
    axes.step(
        [one.measurement.size / unit for one in front],
        [100 * one.measurement.accuracy for one in front],
        where="post",
        color=VERMILLION,
        linewidth=1.4,
        marker="o",
        markersize=4,
        label=f"Pareto front ({len(front):,})",
    )


def _label(axes: Axes, best: Individual, unit: float) -> None:
    """A ring round the best and, towards the middle of the axes, what it is."""
    place = best.measurement.size / unit, 100 * best.measurement.accuracy
    axes.plot(*place, "o", color=INK, markersize=12, fillstyle="none", label="best by score")
    across, up = axes.transAxes.inverted().transform(axes.transData.transform(place))
    left, high = across > 0.5, up > 0.5
    axes.annotate(
        f"{best.id}: score {best.score:.4f}, {100 * best.measurement.accuracy:.1f} %",
        place,
        xytext=(-14 if left else 14, -34 if high else 34),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        bbox={"boxstyle": "round", "fc": "white", "ec": GREY, "alpha": 0.85},
        arrowprops={"arrowstyle": "-", "color": INK, "shrinkB": 6},
    )


def _unit(sizes: Sequence[float]) -> tuple[float, str]:
    """What sizes are divided by, and how that is said."""
    largest = max(sizes, default=0)
    return next(((unit, f" ({word})") for unit, word in UNITS if largest >= unit), (1.0, ""))


def _scale(axes: Axes, sizes: Sequence[float]) -> None:
    least, most = min(sizes), max(sizes)
    if most <= WIDE * least:
        return
    axes.set_xscale("log")
    parts = next((parts for wide, parts in TICKS.items() if most <= 10 * wide * least), (1.0,))
    axes.xaxis.set_major_locator(LogLocator(subs=parts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())

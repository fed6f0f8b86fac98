"""What an ablation shows: curves and a verdict, as files, pictures and tables."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import NamedTuple

from eatnas_tf import durable
from eatnas_tf.reporting import tables
from eatnas_tf.reporting.arms import Arm, Outcome, Point

CERTAIN = 2  # standard errors


class Estimate(NamedTuple):
    """A mean and its standard error, None of a single value."""

    mean: float
    error: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
        return cls(statistics.fmean(values), error)

    def percent(self) -> str:
        error = "" if self.error is None else f" ± {100 * self.error:.2f}"
        return f"{100 * self.mean:.2f}{error}"


def write(folder: Path, outcomes: Sequence[Outcome], cycles: int) -> None:
    """curves.csv, verdict.csv and the pictures; searches are compared in their first `cycles`.

    Raises durable.WriteError.
    """
    from eatnas_tf.reporting.figures import curves  # matplotlib loads only to draw

    with durable.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / "curves.csv", (*_OF_OUTCOME[:2], *_names(Point)), _curve_rows(outcomes))
    _write_csv(folder / "verdict.csv", _OF_OUTCOME, map(_verdict_row, outcomes))
    for name, figure in curves.of_ablation(outcomes, cycles).items():
        durable.write(folder / f"{name}.png", partial(figure.savefig, dpi=150))


def show(outcomes: Sequence[Outcome], folder: Path) -> None:
    """A row an arm, and what that says of the first of them."""
    arms = list(dict.fromkeys(one.arm for one in outcomes))
    seeds = len({one.seed for one in outcomes})
    told = "of one seed" if seeds == 1 else f"mean ± standard error of {seeds} seeds"
    tables.show(
        f"Test accuracy on the target, {told}",
        ("arm", "", "top-1 %", "params", "mult-adds", "evaluations", "million images", "hours"),
        [_row(arm, [one for one in outcomes if one.arm == arm]) for arm in arms],
        left=("arm", ""),
    )
    for rival in arms[1:]:
        tables.say(compared(outcomes, arms[0], rival))
    tables.note(f"curves and pictures are in {folder}")


def compared(outcomes: Sequence[Outcome], arm: Arm, rival: Arm) -> str:
    """How much better `arm` is than `rival`, seed by seed, and whether that is more than chance."""
    top1 = {(one.arm, one.seed): one.top1 for one in outcomes}
    gains = [found - top1[rival, seed] for (name, seed), found in top1.items() if name == arm]
    gain = Estimate.of(gains)
    said = f"{arm.name} against {rival.name}: {100 * gain.mean:+.2f}"
    if gain.error is None:
        return f"{said} points, of one seed: that may be chance"
    certain = abs(gain.mean) > CERTAIN * gain.error
    verdict = (
        "more than two standard errors" if certain else "within two standard errors: no difference shown"
    )
    return f"{said} ± {100 * gain.error:.2f} points; {verdict}"


def _row(arm: Arm, outcomes: Sequence[Outcome]) -> tuple[object, ...]:
    def mean(name: str) -> float:
        return statistics.fmean(getattr(one, name) for one in outcomes)

    return (
        arm.name,
        arm.what,
        Estimate.of([one.top1 for one in outcomes]).percent(),
        f"{mean('params'):,.0f}",
        f"{mean('mult_adds'):,.0f}",
        f"{mean('evaluations'):,.0f}",
        f"{mean('images') / 1e6:.2f}",
        f"{mean('seconds') / 3600:.2f}",
    )


def _names(kind: type) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(kind))


_OF_OUTCOME = tuple(name for name in _names(Outcome) if name != "points")


def _verdict_row(one: Outcome) -> Sequence[object]:
    return [one.arm.name, *(getattr(one, name) for name in _OF_OUTCOME[1:])]


def _curve_rows(outcomes: Sequence[Outcome]) -> Iterable[Sequence[object]]:
    for one in outcomes:
        for point in one.points:
            yield [one.arm.name, one.seed, *asdict(point).values()]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    durable.write(path, lambda file: file.write(text.getvalue().encode()))

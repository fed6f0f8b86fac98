"""Numbers, changes and settings as a report's cells word them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from eatnas_tf.reporting.report.page import Cell, Quantity, Table
from eatnas_tf.reporting.report.stages import Retrained, Run, Searched, Stage
from eatnas_tf.searches import Individual
from eatnas_tf.space import Change

UNKNOWN = "–"


def whole(value: float) -> Quantity:
    return Quantity(f"{value:,.0f}", value)


def size(value: float) -> Quantity:
    """An objective's, of which a plugin's may be no whole number."""
    return whole(value) if value == int(value) else Quantity(f"{value:,.4g}", value)


def percent(share: float) -> Quantity:
    return UNMEASURED if math.isnan(share) else Quantity(f"{100 * share:.2f}", share)


def number(value: float, digits: int) -> Quantity:
    return Quantity(f"{value:.{digits}f}", value)


def millions(value: float) -> Quantity:
    return Quantity(f"{value / 1e6:.3f}", value)


def hours(value: float | None) -> Cell:
    return UNKNOWN if value is None else number(value, 2)


UNMEASURED = Quantity(UNKNOWN, -1)


def several(shares: Sequence[float]) -> Quantity:
    """Mean ± sample standard deviation, in percent."""
    mean = statistics.fmean(shares)
    deviation = f" ± {100 * statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    return Quantity(f"{100 * mean:.2f}{deviation}", mean)


def changed(changes: Sequence[Change]) -> str:
    """What differs, block by block."""
    return " · ".join(
        f"{change.block}: {change.primitive} {_value(change.old)}→{_value(change.new)}" for change in changes
    )


def gain(now: float, before: float | None, digits: int) -> Quantity:
    """By how much a value has risen; a founder's has not."""
    if before is None or math.isnan(now - before):
        return Quantity("", -math.inf)
    return Quantity(f"{now - before:+,.{digits}f}", now - before)


def accuracy(one: Individual) -> float:
    return one.measurement.accuracy


def setting(value: Any) -> str:
    """A setting as a flag takes it."""
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "by default" if value is None else str(value)


def settings(stage: Stage) -> Table:
    """Every setting, folded away."""
    rows = [(name, setting(value)) for name, value in stage.settings.items()]
    versions = [(f"version of {name}", str(value)) for name, value in stage.versions.items()]
    return Table(("setting", "value"), [*rows, *versions], folded=f"all {len(rows)} settings, and versions")


def standing(stage: Stage) -> str:
    """How far a stage is."""
    if stage.finished:
        return stage.finished
    if isinstance(stage, Searched):
        return f"going on, or cut off, after {len(stage.told):,} candidates"
    if isinstance(stage, Retrained):
        return f"going on, or cut off, after {len(stage.networks):,} networks"
    return UNKNOWN


def table_1(run: Run) -> Table:
    """As the paper's Table 1: every network that was tested, and what the searches for it took."""
    rows = [
        (
            stage.folder,
            setting(stage.settings.get("dataset")),
            millions(test.params),
            millions(test.mult_adds),
            several(test.top1),
            percent(test.top5),
            hours(cost),
            str(test.architecture),
        )
        for stage, test, cost in run.tests
    ]
    columns = ("model", "dataset", "params M", "mult-adds M", "top-1 %", "top-5 %", "search cost h")
    return Table((*columns, "architecture"), rows)


def _value(value: Any) -> str:
    return "none" if value is None else str(value)

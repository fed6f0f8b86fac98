"""From the engines' reports to figures: medians over rounds, ratios, the share of the machine's peak."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from eatnas_tf.reporting import tables

HOUR = 3600
BASELINES = ("keras", "pytorch")
MEDIANS = ("fixed_seconds", "step_seconds", "warm_up_seconds", "peak_mb", "loss", "accuracy")
COLUMNS = (
    "engine",
    "s/candidate",
    "candidates/hour",
    "fixed s",
    "step ms",
    "peak MB",
    *(f"x {name}" for name in BASELINES),
    "of peak",
)


@dataclass
class Result:
    """An engine's reports, one a round, or why there are none."""

    name: str
    label: str
    reports: list[dict[str, Any]]
    failure: str | None = None
    installed: bool = True

    @property
    def refusal(self) -> str | None:
        return self.failure if self.installed else "not installed"


def figures(results: Iterable[Result], operations: float, peak_gflops: float) -> list[dict[str, Any]]:
    """One entry a result: medians over its rounds and what follows from them, or its refusal.

    `operations` are the floating-point operations of all candidates together; figures in seconds are of one
    candidate, `step_seconds` of one step.
    """
    entries = [_entry(result, operations, peak_gflops) for result in results]
    rates = {entry["engine"]: entry.get("candidates_per_hour") for entry in entries}
    for entry in entries:
        entry |= {f"ratio_to_{name}": ratio(rates[entry["engine"]], rates.get(name)) for name in BASELINES}
    return entries


def ratio(rate: float | None, baseline: float | None) -> float | None:
    """How many times as fast as the baseline; None if either was not measured."""
    return None if rate is None or baseline is None else rate / baseline


def show(title: str, entries: Sequence[dict[str, Any]]) -> None:
    tables.show(title, COLUMNS, map(cells, entries), left=("engine",))


def cells(entry: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    if "refusal" in entry:
        return (f"{entry['label']}: {entry['refusal']}", *("-",) * (len(COLUMNS) - 1))
    return (
        entry["label"],
        f"{entry['seconds_per_candidate']:.2f}",
        f"{entry['candidates_per_hour']:.0f}",
        f"{entry['fixed_seconds']:.2f}",
        f"{entry['step_seconds'] * 1000:.0f}",
        f"{entry['peak_mb']:.0f}",
        *(_times(entry[f"ratio_to_{name}"]) for name in BASELINES),
        f"{entry['share_of_peak']:.1%}",
    )


def _entry(result: Result, operations: float, peak_gflops: float) -> dict[str, Any]:
    names = {"engine": result.name, "label": result.label}
    if result.refusal is not None:
        return {**names, "refusal": result.refusal, "rounds": result.reports}
    seconds = _median(result, "seconds")
    candidates = result.reports[0]["candidates"]
    return {
        **names,
        "workers": result.reports[0]["workers"],
        "candidates_per_hour": candidates / seconds * HOUR,
        "seconds_per_candidate": seconds / candidates,
        **{key: _median(result, key) for key in MEDIANS},
        "share_of_peak": operations / seconds / (peak_gflops * 1e9),
        "rounds": result.reports,
    }


def _median(result: Result, key: str) -> float:
    return median(report[key] for report in result.reports)


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"

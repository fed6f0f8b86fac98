"""How a search gets on, candidate by candidate: what a mutation brought, redraws, failures, seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eatnas_tf.fields import NUMBER
from eatnas_tf.searches import Individual

TIMES = "times"  # the detail of a measurement that holds seconds by part
WAITED = "waited"  # among them: seconds since the search took the candidate before
RECENT = 20  # candidates that the pace is the mean of


def scalars(history: Sequence[Individual], told: Mapping[int, Individual]) -> dict[str, float]:
    """The newest of `history` by TensorBoard tag; `told` has it and its parent by id.

    `gain` is what the mutation brought: the score above the parent's, shown of all mutations and of each
    primitive that was changed. What the journal of an earlier version does not tell is left out.
    """
    newest = history[-1]
    seconds = {f"search/seconds_{part}": value for part, value in _times(newest).items() if part != WAITED}
    redraws = _number(newest.measurement.details.get("redraws"))
    return {
        "search/score": newest.score,
        "search/accuracy": newest.measurement.accuracy,
        "search/seconds": newest.measurement.seconds,
        **seconds,
        **_gains(newest, told),
        **({} if redraws is None else {"search/redraws": redraws}),
        **_an_hour(history[-RECENT:]),
    }


def failed(individual: Individual) -> bool:
    """Whether nothing was measured: its training diverged, or its worker died twice."""
    details = individual.measurement.details
    return "failed" in details or details.get("loss", 0) is None


def _gains(one: Individual, told: Mapping[int, Individual]) -> dict[str, float]:
    parent = one.candidate.parent
    if parent is None:
        return {}
    gain = one.score - told[parent].score
    changed = dict.fromkeys(change.primitive for change in one.candidate.mutated)
    return {"search/gain": gain, **{f"search/gain_{name}": gain for name in changed}}


def _an_hour(recent: Iterable[Individual]) -> dict[str, float]:
    waits = [wait for one in recent if (wait := _times(one).get(WAITED)) is not None]
    return {"search/candidates_an_hour": 3600 * len(waits) / sum(waits)} if sum(waits) else {}


def _times(one: Individual) -> dict[str, float]:
    """Seconds by part. They are the journal's, which anybody may have edited."""
    times = one.measurement.details.get(TIMES)
    found = times.items() if isinstance(times, dict) else ()
    return {str(part): seconds for part, value in found if (seconds := _number(value)) is not None}


def _number(value: Any) -> float | None:
    return float(value) if NUMBER.fits(value) and value >= 0 else None

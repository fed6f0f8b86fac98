"""What a fault's trials come to: which claims held, how often, and what did not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eatnas_tf.reporting import tables

COLUMNS = ("fault", "tries", "held", "did not hold", "seconds")
SHOWN = 3  # problems of a claim


@dataclass
class Claim:
    """Something that has to hold: how often it did, and what was wrong when it did not."""

    held: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Trial:
    """One fault, tried a number of times. `refusal` is why it was not tried; `hit` is what the kills met."""

    fault: str
    tries: int = 0
    claims: dict[str, Claim] = field(default_factory=dict)
    hit: Counter[str] = field(default_factory=Counter)
    refusal: str | None = None
    seconds: float = 0.0

    def holds(self, claim: str, problems: Iterable[str]) -> bool:
        """Takes down whether a claim holds; it does if there are no problems."""
        found = list(problems)
        entry = self.claims.setdefault(claim, Claim())
        entry.problems += found
        entry.held += not found
        return not found

    @property
    def broken(self) -> dict[str, list[str]]:
        """Problems by the claim that does not hold."""
        return {claim: entry.problems for claim, entry in self.claims.items() if entry.problems}

    @property
    def verdict(self) -> str:
        if self.refusal is not None:
            return f"not tried: {self.refusal}"
        return f"{len(self.broken)} claims do not hold" if self.broken else "holds"

    def to_json(self) -> dict[str, Any]:
        held = {claim: entry.held for claim, entry in self.claims.items()}
        figures = {"tries": self.tries, "seconds": self.seconds, "hit": dict(self.hit)}
        return {
            "fault": self.fault,
            "refusal": self.refusal,
            "held": held,
            "broken": self.broken,
            **figures,
        }


def show(title: str, trials: Sequence[Trial]) -> None:
    """A row a fault, and a line for what its kills met."""
    tables.show(title, COLUMNS, map(cells, trials), left=("fault", "held", "did not hold"))
    for trial in trials:
        if trial.hit:
            met = ", ".join(f"{what} {count}" for what, count in sorted(trial.hit.items()))
            tables.say(f"kills of {trial.fault} by what they met: {met}")


def cells(trial: Trial) -> tuple[str, ...]:
    """A row of the table."""
    if trial.refusal is not None:
        return (trial.fault, "0", f"not tried: {trial.refusal}", "", f"{trial.seconds:.0f}")
    held = [f"{claim} ({entry.held})" for claim, entry in trial.claims.items() if not entry.problems]
    broken = [f"{claim}: {_shortened(problems)}" for claim, problems in trial.broken.items()]
    return (trial.fault, str(trial.tries), "; ".join(held), "; ".join(broken), f"{trial.seconds:.0f}")


def _shortened(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return "; ".join(problems[:SHOWN]) + more

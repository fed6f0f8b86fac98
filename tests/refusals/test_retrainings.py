"""Journals of a retraining that goes on."""

from typing import Any

from .commands import ADVICE, CODE, PATTERN, WIDE, retrain_again
from .damage import GONE, line, lines
from .harness import Case, check, numbered


def of_network(reason: str, /, **changes: Any) -> Case:
    message = f"run/journal.jsonl, line 2: not a retrained network ({reason}); {ADVICE}"
    return retrain_again(message, line(2, **changes))


CASES = [
    of_network("number is missing", number=GONE),
    of_network("number is '1'; expected a whole number", number="1"),
    of_network("name is None; expected text", name=None),
    of_network("architecture is []; expected text", architecture=[]),
    of_network(f"block 1, skip is missing; expected {PATTERN}", architecture="mb6_k3"),
    of_network("top1 is nan; expected a number", top1=float("nan")),
    of_network("top5 is missing", top5=GONE),
    of_network("loss is 'low'; expected a number or null", loss="low"),
    of_network("images is 1.5; expected a whole number", images=1.5),
    retrain_again(
        "run/journal.jsonl: networks [2]; expected 1, 2, … in order: restore it", line(2, number=2)
    ),
    retrain_again(
        "run/journal.jsonl: networks [1, 1]; expected 1, 2, … in order: restore it",
        lines(lambda found: found.append(found[1])),
    ),
    retrain_again(
        f"--workdir=run has retrained {WIDE}, where --from now has {CODE}; use another folder",
        line(2, architecture=WIDE),
    ),
]


@numbered("retrainings", CASES)
def test_a_journal_that_is_damaged_or_of_other_networks_is_refused(refusal, case) -> None:
    check(case, refusal(case))

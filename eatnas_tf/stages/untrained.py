"""A search in which nothing trains: said after its first population, never taken for a result."""

from __future__ import annotations

from collections.abc import Iterable

from absl import logging

from eatnas_tf.errors import InputError
from eatnas_tf.reporting.pace import failed
from eatnas_tf.searches import Individual, Ledger


def any_trained(told: Iterable[Individual]) -> bool:
    """Whether the loss of some candidate stayed a number."""
    return any(not failed(one) for one in told)


def warn_after_first(ledger: Ledger, learning_rate: float) -> None:
    """Says that the whole first population failed, as soon as that is known."""
    if ledger.evaluations == ledger.size and not any_trained(ledger.told.values()):
        logging.warning("%s; the search goes on", _said(ledger, learning_rate))


def refuse_result(ledger: Ledger, learning_rate: float) -> None:
    """Raises InputError at the end of a search in which no candidate trained; says how many did not."""
    told = ledger.told.values()
    if not any_trained(told):
        raise InputError(_said(ledger, learning_rate))
    if lost := sum(failed(one) for one in told):
        logging.warning("%d of %d candidates diverged or failed, and score 0", lost, len(told))


def _said(ledger: Ledger, learning_rate: float) -> str:
    told = ledger.told.values()
    reasons = [one.measurement.details["failed"] for one in told if "failed" in one.measurement.details]
    diverged = len(told) - len(reasons)
    counts = [f"{diverged} diverged (the loss is not finite)"] if diverged else []
    counts += [f"{len(reasons)} failed, the first with {reasons[0]}"] if reasons else []
    advice = f"lower --learning_rate (now {learning_rate:g}) or check the images and labels"
    return (
        f"none of {len(told)} candidates trained: {', '.join(counts)}; "
        f"{advice if diverged else 'put that right'}, and give another --workdir"
    )

"""What a search relies on in a strategy, claim by claim: a claim raises if it does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

from eatnas_tf import registry
from eatnas_tf.mutations import operators
from eatnas_tf.searches import (
    Candidate,
    Finished,
    Individual,
    Ledger,
    Limits,
    Measurement,
    Problem,
    Search,
    Task,
    random_population,
    run,
    run_with,
)
from eatnas_tf.space import SearchSpace
from eatnas_tf.stages.claims import Broken

POPULATION, CYCLES, PLACES = 6, 24, 4
SPACE = SearchSpace(3)

MakeStrategy = Callable[[Problem], Any]


def _asks_and_tells(make: MakeStrategy) -> None:
    made = make(_problem())
    for method in ("ask", "tell"):
        if not callable(getattr(made, method, None)):
            raise Broken(f"it made {made!r:.60}, which has no method {method}")


def _proposes_new_members(make: MakeStrategy) -> None:
    run(_search(make), _measured)  # the search itself refuses what is known or outside the space


def _repeats(make: MakeStrategy) -> None:
    if _told(_search(make)) != _told(_search(make)):
        raise Broken("two searches under the same seed differ; draw from rng only")


def _resumes(make: MakeStrategy) -> None:
    whole = _told(_search(make))
    for cut in range(POPULATION, len(whole), 5):
        resumed = _search(make)
        for individual in whole[:cut]:
            resumed.restore(individual)
        if _told(resumed) != whole:
            raise Broken(
                f"resumed after {cut} candidates it goes on differently; whatever ask decides must follow "
                "from the ledger, from what tell was told, and from rng"
            )


def _serves_workers(make: MakeStrategy) -> None:
    run_with(_search(make), _Shuffled())


CLAIMS = {
    "asks and tells": _asks_and_tells,
    "proposes new members of the space": _proposes_new_members,
    "repeats": _repeats,
    "resumes exactly": _resumes,
    "serves several workers": _serves_workers,
}


class _Shuffled:
    """A workforce whose candidates finish in another order than they came in."""

    capacity = PLACES

    def __init__(self) -> None:
        self._rng, self._tasks = Random(0), []  # type: ignore[var-annotated]

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def next_finished(self) -> Finished:
        candidate = self._tasks.pop(self._rng.randrange(len(self._tasks))).candidate
        return Finished(candidate, _measured(candidate))

    def close(self) -> None:
        """There is nothing to close."""


def _problem() -> Problem:
    one_block, mutations = registry.get("perturbations", "one_block"), operators(SPACE)
    return Problem(SPACE, lambda parent, rng: one_block(parent, SPACE, mutations, rng), sample=3)


def _search(make: MakeStrategy) -> Search:
    ledger = Ledger(POPULATION, lambda accuracy, size: accuracy, limits=Limits(CYCLES, patience=CYCLES))
    return Search(random_population(SPACE, POPULATION, 0), make(_problem()), ledger, 0, SPACE)


def _told(search: Search) -> list[Individual]:
    run(search, _measured)
    return list(search.ledger.told.values())


def _measured(candidate: Candidate) -> Measurement:
    """An accuracy that follows from the code alone, so that a search can be repeated."""
    digest = hashlib.sha256(str(candidate.architecture).encode()).digest()
    return Measurement(int.from_bytes(digest[:4], "big") / 2**32, size=1)

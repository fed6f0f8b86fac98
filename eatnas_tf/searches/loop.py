"""The search itself: a strategy is asked, a workforce evaluates, the ledger and the strategy are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from eatnas_tf.errors import InputError, blaming
from eatnas_tf.fields import python_number
from eatnas_tf.searches.candidates import Candidate, Individual, Measurement
from eatnas_tf.searches.journal import FIELDS
from eatnas_tf.searches.ledger import Ledger, Moment
from eatnas_tf.searches.strategy import Proposal, Strategy
from eatnas_tf.searches.workforce import Alone, Task, Workforce
from eatnas_tf.space import Architecture, SearchSpace, differences


class Search:
    """A search from its first population on: `ask` hands out candidates, `tell` takes their measurements.

    Several candidates may be pending at once. Every candidate of the strategy has a generator of its own,
    made from (seed, id), so that a search that is told the same draws the same. What the strategy proposes is
    refused (InputError) unless it is new, and a member of `space` if that is given.
    """

    def __init__(
        self,
        first: Sequence[Candidate],
        strategy: Strategy,
        ledger: Ledger,
        seed: int = 0,
        space: SearchSpace | None = None,
    ) -> None:
        self.ledger = ledger
        self._first, self._strategy, self._seed, self._space = list(first), strategy, seed, space
        self._name = f"strategy {type(strategy).__name__}"
        self._proposals: dict[int, Proposal] = {}
        self._next = 0

    def ask(self) -> Candidate | None:
        """The next candidate to evaluate, or None: the search is over, or must be told of others first."""
        ledger = self.ledger
        while self._next in ledger.told or self._next in ledger.pending:
            self._next += 1
        if self._next < len(self._first):
            candidate = self._first[self._next]
        elif ledger.finished or ledger.exhausted or ledger.full:
            return None
        else:
            with blaming(self._name):
                proposal = self._strategy.ask(ledger, Random(f"{self._seed}/{self._next}"))
                proposal = _plain(proposal) if isinstance(proposal, Proposal) else proposal
            if proposal is None:
                ledger.exhausted = True
                return None
            candidate = self._candidate(proposal)
            self._proposals[candidate.id] = proposal
        ledger.expect(candidate)
        return candidate

    def tell(
        self,
        number: int,
        measurement: Measurement,
        taken: Callable[[Individual], None] = lambda individual: None,
    ) -> Individual:
        """Takes a pending candidate's measurement.

        `taken` hears of it before the strategy does: if that raises, what was measured is in the journal.
        """
        proposal = self._proposals.pop(number, None)
        if proposal is not None and proposal.details:
            measurement = replace(measurement, details={**proposal.details, **measurement.details})
        individual = self.ledger.tell(number, measurement, proposal.leavers if proposal else ())
        taken(individual)
        self._tell_strategy(individual)
        return individual

    def restore(self, individual: Individual) -> None:
        """Takes an individual of an earlier run, as a journal holds it.

        Raises InputError if the first population has another architecture in its place, or if this search
        cannot have come to it.
        """
        if individual.id < len(self._first):
            drawn = self._first[individual.id].architecture
            if drawn != individual.architecture:
                raise InputError(
                    f"candidate {individual.id} was {individual.architecture} and would now be {drawn}: "
                    "where the search starts from, or a plugin, has changed; use another --workdir"
                )
        self.ledger.restore(individual)
        self._tell_strategy(individual)

    def _tell_strategy(self, individual: Individual) -> None:
        with blaming(self._name):
            self._strategy.tell(self.ledger, individual)

    def _candidate(self, proposal: Proposal) -> Candidate:
        wrong = self._wrong(proposal)
        if wrong:
            raise InputError(f"{self._name} proposed {wrong}")
        architecture, parent = proposal.architecture, proposal.parent
        origin = architecture if parent is None else self.ledger.told[parent].architecture
        return Candidate(self._next, architecture, parent, differences(origin, architecture))

    def _wrong(self, proposal: Any) -> str | None:
        """What is wrong with a proposal, or None."""
        if not isinstance(proposal, Proposal) or not isinstance(proposal.architecture, Architecture):
            return f"{proposal!r:.60}; expected a Proposal with an Architecture"
        architecture, parent = proposal.architecture, proposal.parent
        if self.ledger.knows(architecture):
            return f"{architecture} again; expected one that ledger.knows() not"
        if parent is not None and parent not in self.ledger.told:
            return f"a child of {parent!r}; expected the id of an individual in ledger.told"
        if reserved := set(proposal.details) & set(FIELDS):
            return f"the detail {min(reserved)!r}, which the journal has already; expected another name"
        refusal = self._space.refusal(architecture) if self._space else None
        return f"{architecture}, which is not in the space: {refusal}" if refusal else None


def _plain(proposal: Proposal) -> Proposal:
    """The same with Python's numbers for NumPy's, and with details as a journal keeps them.

    Raises InputError before anything is spent on the candidate.
    """
    try:
        details = json.loads(json.dumps(dict(proposal.details), default=python_number))
    except (TypeError, ValueError):
        raise InputError(f"its details are {proposal.details!r:.60}; expected what JSON can hold") from None
    leavers = tuple(python_number(number) for number in proposal.leavers)
    return replace(proposal, parent=python_number(proposal.parent), leavers=leavers, details=details)


def run(
    search: Search,
    evaluate: Callable[[Candidate], Measurement],
    taken: Callable[[Individual], None] = lambda individual: None,
) -> Moment:
    """Runs a search to its end, one candidate at a time, and returns its best moment.

    `taken` is called with every individual. Nothing here knows what a candidate is evaluated by: a table, a
    simulation or a training.
    """
    return run_with(search, Alone(lambda task: evaluate(task.candidate)), taken)


def run_with(
    search: Search,
    workforce: Workforce,
    taken: Callable[[Individual], None] = lambda individual: None,
) -> Moment:
    """Runs a search to its end in steady state: a place that is free gets the next candidate at once.

    With a capacity of 1 and the strategy `evolution` this is Algorithm 1 to the letter. Candidates that are
    pending when the search converges still count, and one that raises the quality lets it go on. The
    capacity is read again at every turn. The workforce is left open.
    """
    ledger = search.ledger
    while True:
        nothing_left = not _fill(workforce, search)
        if not ledger.pending and (nothing_left or ledger.finished):
            break
        finished = workforce.next_finished()
        if finished is not None:
            search.tell(finished.candidate.id, finished.measurement, taken)
    assert ledger.peak is not None
    return ledger.peak


def _fill(workforce: Workforce, search: Search) -> bool:
    """Gives every free place a candidate; False if the search has none for one of them."""
    ledger = search.ledger
    while len(ledger.pending) < workforce.capacity:
        candidate = search.ask()
        if candidate is None:
            return False
        parent = None if candidate.parent is None else ledger.told[candidate.parent].architecture
        workforce.submit(Task(candidate, parent))
    return True

"""The search itself: a strategy is asked, a workforce evaluates, the ledger and the strategy are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from eatnas_tf.errors import InputError
from eatnas_tf.searches.candidates import Candidate, Individual, Measurement
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
            proposal = self._strategy.ask(ledger, Random(f"{self._seed}/{self._next}"))
            if proposal is None:
                ledger.exhausted = True
                return None
            candidate = self._candidate(proposal)
            self._proposals[candidate.id] = proposal
        ledger.expect(candidate)
        return candidate

    def tell(self, number: int, measurement: Measurement) -> Individual:
        """Takes a pending candidate's measurement."""
        proposal = self._proposals.pop(number, None)
        if proposal is not None and proposal.details:
            measurement = replace(measurement, details={**measurement.details, **proposal.details})
        individual = self.ledger.tell(number, measurement, proposal.leavers if proposal else ())
        self._strategy.tell(self.ledger, individual)
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
        self._strategy.tell(self.ledger, individual)

    def _candidate(self, proposal: Proposal) -> Candidate:
        wrong = self._wrong(proposal)
        if wrong:
            raise InputError(f"the strategy {type(self._strategy).__name__} proposed {wrong}")
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
        refusal = self._space.refusal(architecture) if self._space else None
        return f"{architecture}, which is not in the space: {refusal}" if refusal else None


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
            taken(search.tell(finished.candidate.id, finished.measurement))
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

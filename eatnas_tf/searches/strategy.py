"""The seam between a search and what it tries next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from eatnas_tf.searches.candidates import Individual
from eatnas_tf.space import Architecture, SearchSpace

if TYPE_CHECKING:
    from eatnas_tf.searches.ledger import Ledger

Perturb = Callable[[Architecture, Random], Architecture]


@dataclass(frozen=True)
class Problem:
    """What a strategy is made from: a part of the group `strategies` is a function `(problem) -> Strategy`.

    `perturb` makes a child of an architecture that is a member of `space`. `sample` is the size of a
    tournament (`--sample`). `argument` is what follows the colon in `--strategy=NAME:ARGUMENT`.
    """

    space: SearchSpace
    perturb: Perturb
    sample: int = 16
    argument: str = ""


@dataclass(frozen=True)
class Proposal:
    """An architecture to evaluate next.

    The candidate inherits the weights of `parent`, an id that the ledger has told; None: those that a first
    population inherits. When it has been measured, the first individual of `leavers` (ids) that is still
    alive leaves the population for it; if none is, the worst one does. Without `leavers` the population keeps
    the best, so that the candidate itself may not get in. `details` are written to the journal with the
    measurement.
    """

    architecture: Architecture
    parent: int | None = None
    leavers: tuple[int, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Strategy(Protocol):
    """Decides which architecture is evaluated next.

    A strategy keeps no files and knows nothing of training. A search that resumes makes a new one and tells
    it all earlier individuals in their order. So whatever `ask` decides must follow from the ledger, from
    what `tell` was told, and from `rng`; state that only `ask` changes would be lost.
    """

    def ask(self, ledger: Ledger, rng: Random) -> Proposal | None:
        """The next architecture, one that `ledger.knows` not yet; a member of the problem's space.

        Called after the whole first population has been handed out. `rng` is the candidate's own generator,
        made from the search's seed and the candidate's id. None: there is nothing to try until another
        candidate has been measured; if none is pending, the search is over.
        """

    def tell(self, ledger: Ledger, individual: Individual) -> None:
        """Hears of every individual, those of the first population too, after the ledger has taken it."""

"""The claims on strategies: the built-in ones keep them, and each is broken by a strategy made for that."""

import random

import pytest

from eatnas_tf import registry
from eatnas_tf.searches import Proposal
from eatnas_tf.stages.check_plugins import findings_of
from eatnas_tf.stages.strategy_claims import CLAIMS


class Sampler:
    """Random search, for others to spoil."""

    def __init__(self, problem) -> None:
        self.space, self.asked = problem.space, 0

    def ask(self, ledger, rng):
        while ledger.knows(architecture := self.draw(ledger, rng)):
            pass
        return Proposal(architecture)

    def draw(self, ledger, rng):
        return self.space.sample(rng)

    def tell(self, ledger, individual) -> None: ...


class Unseeded(Sampler):
    def draw(self, ledger, rng):
        return self.space.sample(random.Random())


class Counting(Sampler):
    def draw(self, ledger, rng):
        self.asked += 1
        return self.space.sample(random.Random(f"{self.asked} {len(ledger.told)}"))


class Repeating(Sampler):
    def ask(self, ledger, rng):
        return Proposal(ledger.best.architecture)


class Impatient(Sampler):
    """Relies on every candidate being measured before the next one is asked for."""

    def ask(self, ledger, rng):
        assert not ledger.pending
        return super().ask(ledger, rng)


@pytest.mark.parametrize("name", registry.names("strategies"))
def test_the_built_in_strategies_hold_every_claim(name) -> None:
    found = findings_of("strategies", name)
    assert not found.broken
    assert found.holds == ("loads", *CLAIMS)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        (Sampler, None),
        (lambda problem: object(), "asks and tells"),
        (Repeating, "proposes new members of the space"),
        (Unseeded, "repeats"),
        (Counting, "resumes exactly"),
        (Impatient, "serves several workers"),
    ],
)
def test_a_strategy_that_breaks_a_claim_is_found_out(monkeypatch, part, broken) -> None:
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    registry.add("strategies", "mine", part)
    assert [title for title, _ in findings_of("strategies", "mine").broken][:1] == (
        [broken] if broken else []
    )

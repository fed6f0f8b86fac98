"""The check of every registered part: what a search relies on, and where a part does not keep it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from eatnas_tf import registry
from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.errors import InputError
from eatnas_tf.reporting import progress, tables
from eatnas_tf.stages import claims, devices, strategy_claims
from eatnas_tf.stages.temporary import files_of_command

CLAIMS: dict[str, Any] = {**claims.CLAIMS, "strategies": strategy_claims.CLAIMS}
COLUMNS = ("group", "part", "holds", "does not hold, and why")


@dataclass(frozen=True)
class Findings:
    """The titles of the claims that hold for a part, and those that do not with the reason."""

    group: str
    name: str
    holds: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]


@files_of_command()
def run(names: Sequence[str]) -> bool:
    """Prints what holds for the parts called `names`; True if everything does.

    Without names, it is about the parts of the files in --plugins; without such files, about every
    registered one. Raises InputError for a name that no group has.
    """
    parts, findings = _chosen(names), []
    with progress.bar("check", len(parts), "part") as bar:
        for number, (group, name) in enumerate(parts):
            bar.at(number, f"{group}: {name}")
            findings.append(findings_of(group, name))
        bar.at(len(parts), "all are checked")
    tables.show(
        f"{len(findings)} part{'s'[: len(findings) != 1]}",
        COLUMNS,
        [
            (
                found.group,
                found.name,
                ", ".join(found.holds),
                tuple(f"{title}: {why}" for title, why in found.broken),
            )
            for found in findings
        ],
        left=COLUMNS,
    )
    wrong = sum(bool(found.broken) for found in findings)
    tables.say(
        f"{wrong} of {len(findings)} parts do not hold what a search relies on" if wrong else "all hold"
    )
    return not wrong


def findings_of(group: str, name: str) -> Findings:
    """Tries every claim on a part; one that does not load has the one finding."""
    try:
        part = registry.get(group, name)
    except InputError as error:
        return Findings(group, name, (), (("loads", str(error)),))
    holds, broken = ["loads"], []
    for title, claim in _claims(group, name, part):
        try:
            claim()
        except Exception as error:
            broken.append((title, claims.in_words(error)))
        else:
            holds.append(title)
    return Findings(group, name, tuple(holds), tuple(broken))


def _claims(group: str, name: str, part: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    if group in claims.NAMES:
        yield "its name", partial(claims.NAMES[group], name)
    for title, claim in CLAIMS[group].items():
        yield title, partial(claim, part)
    codes = claims.codes(group, name, part)
    if codes:
        strategy = devices.strategy(RuntimeConfig(workdir=""))
        from eatnas_tf.stages import network_claims

        for title, on_network in network_claims.CLAIMS.items():
            yield title, partial(_on_all, on_network, codes, strategy)
            network_claims.tidy()
        yield "loads elsewhere", partial(network_claims.loads_elsewhere, codes[0])


def _on_all(claim: Callable[..., None], codes: Sequence[Any], strategy: Any) -> None:
    for code_of in codes:
        claim(code_of, strategy)


def _chosen(names: Sequence[str]) -> list[tuple[str, str]]:
    parts = [(group, name) for group in registry.GROUPS for name in registry.names(group)]
    known = sorted({name for _, name in parts})
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InputError(
                f"--parts: no part {name!r} among {', '.join(known)}"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
    if not names:
        return registry.of_files() or parts
    return [(group, name) for group, name in parts if name in names]

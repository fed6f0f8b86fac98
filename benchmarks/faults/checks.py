"""What has to hold of a search that met a fault. Every check gives back what does not hold, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.faults.small_search import TARGET, Ended, Search, whole_lines
from eatnas_tf.errors import InputError
from eatnas_tf.searches import Individual, Journal, Ledger, Limits, Score
from eatnas_tf.searches.journal import individuals

Line = Mapping[str, Any]
CLOCKED = ("seconds", "times")  # what no two runs have in common
DIED_TWICE = "worker died twice (SIGKILL; out of memory?)"


def kept(before: bytes, after: bytes) -> list[str]:
    """Every whole line that a journal had before a fault is there after it, unchanged and in its place."""
    old, new = whole_lines(before), whole_lines(after)
    problems = [
        f"line {number} was changed"
        for number, (line, found) in enumerate(zip(old, new, strict=False), start=1)
        if line != found
    ]
    return problems + [f"line {number} was lost" for number in range(len(new) + 1, len(old) + 1)]


def once_each(lines: Sequence[Line], evaluations: int) -> list[str]:
    """Every candidate from 0 on has one line."""
    counts = Counter(line["id"] for line in lines)
    problems = [f"candidate {number} has no line" for number in range(evaluations) if not counts[number]]
    problems += [f"candidate {number} has {count} lines" for number, count in counts.items() if count > 1]
    return problems + [f"candidate {number} was not asked for" for number in counts if number >= evaluations]


def same(found: Sequence[Line], expected: Sequence[Line]) -> list[str]:
    """The same candidates in the same order, whatever their seconds and times."""
    problems = [] if len(found) == len(expected) else [f"{len(found)} candidates instead of {len(expected)}"]
    for one, other in zip(found, expected, strict=False):
        names = [name for name in {**one, **other} if name not in CLOCKED]
        differing = [name for name in names if _differ(one, other, name)]
        if differing:
            problems.append(f"candidate {one.get('id')} differs in {', '.join(differing)}")
    return problems


def _differ(one: Line, other: Line, name: str) -> bool:
    missing = object()
    return one.get(name, missing) != other.get(name, missing)


def same_results(search: Search, reference: Search) -> list[str]:
    """best.json and the weights are the same, bit for bit."""
    problems = [] if search.best() == reference.best() else ["best.json differs"]
    found, expected = search.weights(), reference.weights()
    if found.keys() != expected.keys():
        problems.append(f"weights of {', '.join(found)} instead of {', '.join(expected)}")
    for name in found.keys() & expected.keys():
        if not _same_arrays(found[name], expected[name]):
            problems.append(f"the weights in {name} differ")
    return problems


def _same_arrays(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> bool:
    return found.keys() == expected.keys() and all(
        np.array_equal(found[name], expected[name], equal_nan=True) for name in found
    )


def living_have_weights(search: Search) -> list[str]:
    """A journal names nothing that is not there: whoever is alive by it has weights that can be read."""
    lines = search.lines()
    dead = {line["replaced"] for line in lines}
    problems = []
    for line in lines:
        if line["id"] not in dead and line.get("loss") is not None:
            try:
                search.workdir.store.load(line["id"])
            except InputError as error:
                problems.append(str(error))
    return problems


def failures_have_reasons(lines: Sequence[Line], killed: int) -> list[str]:
    """A candidate scores 0 only after two of the `killed` workers died of it, and says so."""
    failed = [line for line in lines if not line["score"]]
    problems = [
        f"candidate {line['id']} scored 0 with the reason {line.get('failed')!r}"
        for line in failed
        if line.get("failed") != DIED_TWICE
    ]
    if 2 * len(failed) > killed:
        problems.append(f"{len(failed)} candidates scored 0 after {killed} killed workers")
    return problems


def consistent(search: Search, limits: Limits) -> list[str]:
    """The journal, replayed, gives the scores and qualities in it, best.json and the weights on the disk."""
    ledger, problems = replayed(search, limits)
    peak, best = ledger.peak, search.best()
    if peak is None:
        return [*problems, "no population is whole"]
    ranking = peak.ranking
    if [entry["id"] for entry in best["ranking"]] != [one.id for one in ranking]:
        problems.append("best.json holds another population than the journal's best")
    if [entry["score"] for entry in best["ranking"]] != [one.score for one in ranking]:
        problems.append("best.json holds other scores")
    for name, value in (("quality", peak.quality), ("cycle", peak.cycle), ("finished", ledger.finished)):
        if best[name] != value:
            problems.append(f"{name} is {best[name]} in best.json and {value} by the journal")
    return problems + _weights_disagree(search, ledger)


def replayed(search: Search, limits: Limits) -> tuple[Ledger, list[str]]:
    """The ledger that a journal makes, and what of the journal does not fit together."""
    with Journal(search.workdir.journal) as journal:
        told = list(individuals(journal))
    first = sum(one.candidate.parent is None for one in told)
    ledger, problems = Ledger(first, Score(TARGET), limits=limits), []
    for line, individual in zip(search.lines(), told, strict=True):
        problems += _out_of_turn(individual, ledger)
        score = Score(TARGET)(individual.measurement.accuracy, individual.measurement.size)
        try:
            ledger.restore(individual)
        except InputError as refusal:
            problems += [] if problems or line["score"] != score else [str(refusal)]
        if (line["score"], line["quality"]) != (score, ledger.quality):
            problems.append(f"candidate {individual.id} does not have the score or quality of its place")
    return ledger, problems


def _out_of_turn(individual: Individual, ledger: Ledger) -> list[str]:
    """A parent has a line before its child's, and who is replaced is alive then."""
    candidate, alive = individual.candidate, ledger.population.ids
    problems = []
    if candidate.parent is not None and candidate.parent not in ledger.told:
        problems.append(f"candidate {candidate.id} comes before its parent")
    if individual.replaced is not None and individual.replaced not in alive:
        problems.append(f"candidate {candidate.id} replaces one that is dead")
    return problems


def _weights_disagree(search: Search, ledger: Ledger) -> list[str]:
    """There are weights of the population and the best, and no others; a failed candidate has none."""
    trained = {line["id"] for line in search.lines() if line.get("loss") is not None}
    expected = {search.workdir.store.path(number).name for number in ledger.alive_or_needed() & trained}
    found = {file.name for file in (search.path / "weights").iterdir()}
    problems = [f"{name} is missing" for name in sorted(expected - found)]
    problems += [f"{name} is left over" for name in sorted(found - expected)]
    return problems + [f"{name} is left over" for name in search.partials() if "weights/" not in name]


def refused(ended: Ended, what: str, why: str) -> list[str]:
    """A run ended with exit code 2 and one line, which names what could not be written, and why."""
    problems = [] if ended.code == 2 else [f"exit code {ended.code}"]
    lines = ended.said.strip().splitlines() or ["nothing was said"]
    if what not in lines[-1] or why not in lines[-1]:
        problems.append(f"expected {what} and {why!r} in the last line: {lines[-1]}")
    return problems + [f"said: {line}" for line in lines if line.startswith(("Traceback", "Exception"))]


def well(ended: Ended) -> list[str]:
    """A run ended well."""
    return [] if ended.code == 0 else [f"exit code {ended.code}: {ended.said.strip()[-300:]}"]


def warned(ended: Ended, words: str, times: int) -> list[str]:
    """A warning was given so many times."""
    count = ended.said.count(words)
    return [] if count == times else [f"{words!r} was said {count} times, not {times}"]


def sane_seconds(lines: Iterable[Line], most: float) -> list[str]:
    """Every candidate took some time, and none more than the whole run."""
    return [
        f"candidate {line['id']} took {line['seconds']} s of {most:.0f} s"
        for line in lines
        if not 0 < line["seconds"] <= most
    ]


def whole(journal: bytes) -> list[str]:
    """Nothing of a journal is half-written, and its lines are JSON."""
    problems = [] if journal.endswith(b"\n") or not journal else ["the last line is half-written"]
    for number, line in enumerate(whole_lines(journal), start=1):
        try:
            json.loads(line)
        except ValueError:
            problems.append(f"line {number} is damaged")
    return problems


def same_bytes(found: bytes, expected: bytes) -> list[str]:
    """A file is as it was."""
    return [] if found == expected else [f"{len(found)} other bytes instead of {len(expected)}"]


def count(lines: Sequence[Line], expected: int) -> list[str]:
    """There are so many candidates."""
    return [] if len(lines) == expected else [f"{len(lines)} candidates instead of {expected}"]

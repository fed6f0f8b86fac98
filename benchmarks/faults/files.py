"""Files of a search that are damaged between two of its runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.faults import checks
from benchmarks.faults.lab import Lab
from benchmarks.faults.small_search import CYCLES, EVALUATIONS, Search, whole_lines
from benchmarks.faults.trial import Trial

MORE = 1  # cycles, of a search that goes on
TORN: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda journal: journal[: -len(whole_lines(journal)[-1]) // 2],
    "zeros": lambda journal: journal + bytes(512),
}
CORRUPT = {
    "garbage": b"\x8f\x00\xffnoise",
    "half": b'{"id": 2, "parent"',
    "empty": b"",
    "no-object": b"[2]",
    "no-candidate": b'{"id": 2}',
}
DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "truncated": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
}


def torn_journal(lab: Lab, trial: Trial) -> None:
    """The journal's last line is half there, or is followed by zeros, as file systems leave them."""
    for name, tear in TORN.items():
        search = lab.finished(f"{trial.fault}-{name}")
        search.workdir.journal.write_bytes(tear(search.journal()))
        trial.tries += 1
        problems = checks.well(search.run()) or checks.same(search.lines(), lab.reference.lines())
        trial.holds(
            "the same command makes it the journal of an uninterrupted search",
            problems or checks.same_results(search, lab.reference),
        )


def corrupt_journal(lab: Lab, trial: Trial) -> None:
    """A line in the middle is damaged, or there twice."""
    number = EVALUATIONS // 2
    for name, damage in CORRUPT.items():
        _corrupt(lab, trial, name, number, damage)
    _corrupt(lab, trial, "twice", number, whole_lines(lab.reference.journal())[number - 2])


def _corrupt(lab: Lab, trial: Trial, name: str, number: int, damage: bytes) -> None:
    """Writes `damage` in the place of line `number`, from 1."""
    search = lab.finished(f"{trial.fault}-{name}")
    lines = whole_lines(search.journal())
    lines[number - 1] = damage
    journal = b"".join(line + b"\n" for line in lines)
    search.workdir.journal.write_bytes(journal)
    trial.tries += 1
    trial.holds(
        "the line is named by its number, with exit code 2",
        checks.refused(search.run(), f"journal.jsonl, line {number}:", "restore the line, or cut the file"),
    )
    trial.holds("the file is left as it was", checks.same_bytes(search.journal(), journal))
    trial.holds("the weights are left as they were", checks.same_results(search, lab.reference))


def lost_weights(lab: Lab, trial: Trial) -> None:
    """All weights are deleted, or cut in half; then the search goes on for a candidate more."""
    for name, damage in DAMAGES.items():
        search = lab.finished(f"{trial.fault}-{name}")
        for file in (search.path / "weights").iterdir():
            damage(file)
        trial.tries += 1
        done = search.run(f"--cycles={CYCLES + MORE}")
        trial.holds("the search ends well", checks.well(done))
        trial.holds("every candidate has one line", checks.once_each(search.lines(), EVALUATIONS + MORE))
        trial.holds("the child starts from fresh weights", _fresh(search))
        words = f"candidate {EVALUATIONS} starts from fresh weights: {search.path}/weights/"
        trial.holds("a warning says so, and names the file", checks.warned(done, words, times=1))


def _fresh(search: Search) -> list[str]:
    (child,) = (line for line in search.lines() if line["id"] == EVALUATIONS)
    return [] if child["inherited"] is None else [f"it inherited {child['inherited']}"]

"""Tries what may happen to a search: kills at random moments, full disks, damaged files, a jumping clock.

Run from the checkout's root: `python -m benchmarks.faults --kills=100`. Each fault is tried on whole
processes of a search that takes seconds; a table says what held. Exit code 1 if something did not hold.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.faults import FAULTS, lab, mounts, trial, tried


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries the faults. Returns 1 if something did not hold, else 0."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends the processes
    with _folder(given.keep) as folder:
        opened = lab.opened(folder, given.kills, given.workers, given.seed)
        trials = [tried(name, opened) for name in given.faults]
    trial.show(
        f"{given.kills} kills, seed {given.seed}, {given.workers} workers where there are several", trials
    )
    if given.json:
        given.json.write_text(
            json.dumps([one.to_json() for one in trials], indent=2) + "\n", encoding="utf-8"
        )
    return int(any(one.broken for one in trials))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir()
        yield kept.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        yield Path(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument(
        "--kills", type=_at_least(2), default=20, help="Kills, half of them with several workers."
    )
    parser.add_argument("--seed", type=int, default=0, help="What the moments are drawn from.")
    parser.add_argument("--workers", type=_at_least(2), default=2, help="Workers where there are several.")
    parser.add_argument("--faults", type=_faults, default=list(FAULTS), help=f"Some of {','.join(FAULTS)}.")
    parser.add_argument("--keep", type=_new_folder, help="Folder to keep all that was produced in.")
    parser.add_argument("--json", type=Path, help="File for all that held and did not.")
    return parser


def _at_least(least: int) -> partial[int]:
    return partial(_number, least)


def _number(least: int, text: str) -> int:
    if int(text) < least:
        raise argparse.ArgumentTypeError(f"{text} is not at least {least}")
    return int(text)


def _faults(text: str) -> list[str]:
    unknown = [name for name in text.split(",") if name not in FAULTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(FAULTS)}")
    return text.split(",")


def _new_folder(text: str) -> Path:
    if Path(text).exists() or not Path(text).absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is there already, or would lie in a folder that is not")
    return Path(text)


if __name__ == "__main__":
    _parser().parse_args()  # a wrong argument is refused before the process is another one
    mounts.enter("benchmarks.faults")
    sys.exit(main())

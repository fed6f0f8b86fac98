"""Compares how fast engines evaluate the candidates of a search: build, train for an epoch, measure.

Run from the checkout's root: `python -m benchmarks.candidates --json=results.json`. Engines take turns, each
in fresh processes, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, results
from benchmarks import task as recipe
from benchmarks.engines import ENGINES, Engine, EngineError
from benchmarks.report import FEWEST_IMAGES
from benchmarks.results import Result
from benchmarks.task import Task
from eatnas_tf.stages import devices


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison. Returns 1 if an engine failed, else 0."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends the engine running
    task, about = Task(given.images, given.candidates, given.seed), machine.describe()
    compared = compare(given.engines, task, given.rounds, given.workers)
    operations = sum(recipe.work(code, task.images) for code in task.codes())
    entries = results.figures(compared, operations, about["peak_gflops"])
    results.show(_title(task, given.rounds, about), entries)
    if given.json:
        found = {"machine": about, "settings": _settings(given), "engines": entries}
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return int(any(result.failure is not None for result in compared))


def compare(engines: Sequence[Engine], task: Task, rounds: int, workers: int) -> list[Result]:
    """Every engine's reports; one that fails is not run again, and the others go on."""
    compared = [Result(engine.name, engine.label, [], installed=engine.installed()) for engine in engines]
    for number in range(1, rounds + 1):
        for engine, result in zip(engines, compared, strict=True):
            if result.refusal is None:
                _take_turn(engine, result, task, workers)
                _say(f"round {number} of {rounds}, {engine.label}: {_last_seconds(result)}")
    return compared


def _take_turn(engine: Engine, result: Result, task: Task, workers: int) -> None:
    try:
        result.reports.append(engine.run(task, workers))
    except EngineError as error:
        result.failure = str(error)


def _last_seconds(result: Result) -> str:
    return result.failure or f"{result.reports[-1]['seconds']:.1f} s"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _title(task: Task, rounds: int, about: dict[str, Any]) -> str:
    return (
        f"{task.candidates} candidates, each an epoch on {task.images:,} images, rounds: {rounds}; "
        f"{about['cores']} cores of {about['cpu']}, {about['peak_gflops']:.0f} GFLOP/s"
    )


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "images": given.images,
        "candidates": given.candidates,
        "rounds": given.rounds,
        "workers": given.workers,
        "seed": given.seed,
        "batch": recipe.BATCH,
        "learning_rate": recipe.LEARNING_RATE,
        "momentum": recipe.MOMENTUM,
        "weight_decay": recipe.WEIGHT_DECAY,
        "evaluation_images": recipe.EVALUATION_IMAGES,
        "evaluation_batch": recipe.EVALUATION_BATCH,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.candidates", description=__doc__)
    parser.add_argument("--images", type=_at_least(FEWEST_IMAGES), default=3000, help="Images of an epoch.")
    parser.add_argument("--candidates", type=_at_least(1), default=6, help="Candidates to evaluate.")
    parser.add_argument("--rounds", type=_at_least(1), default=2, help="Turns of every engine.")
    parser.add_argument("--seed", type=int, default=0, help="What the codes are drawn from.")
    parser.add_argument(
        "--workers", type=_at_least(1), default=devices.cores(), help="Processes of parallel engines."
    )
    names = ",".join(engine.name for engine in ENGINES)
    parser.add_argument("--engines", type=_engines, default=names, help=f"Some of {names}.")
    parser.add_argument("--json", type=_new_file, help="File for the figures and every report.")
    return parser


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is not at least {least}")
        return int(text)

    return number


def _engines(text: str) -> list[Engine]:
    known = {engine.name: engine for engine in ENGINES}
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
    return [known[name] for name in text.split(",")]


def _new_file(text: str) -> Path:
    if not Path(text).absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} would lie in a folder that is not there")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())

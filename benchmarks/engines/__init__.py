"""The engines that are compared, each a module that runs in a process of its own.

A module here has `run(task, workers) -> Report` and ends in `report.main(run)`; a line in ENGINES enters it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.task import Task

ROOT = Path(__file__).parents[2]


class EngineError(Exception):
    """An engine ended without a report; the message is the last line of what it said."""


@dataclass(frozen=True)
class Engine:
    """`needs` are the packages without which it is not installed; `parallel` ones get all workers."""

    name: str
    label: str
    module: str
    needs: tuple[str, ...] = ()
    parallel: bool = False

    def installed(self) -> bool:
        modules = (f"{__name__}.{self.module}", *self.needs)
        return all(find_spec(module) is not None for module in modules)

    def run(self, task: Task, workers: int) -> dict[str, Any]:
        """The report of one run in a process of its own. Raises EngineError."""
        command = [sys.executable, "-m", f"{__name__}.{self.module}"]
        command += [f"--images={task.images}", f"--candidates={task.candidates}", f"--seed={task.seed}"]
        output = _output([*command, f"--workers={workers if self.parallel else 1}"])
        try:
            return report.read(output)
        except ValueError as error:
            raise EngineError(f"no report: {error}") from None


ENGINES = (
    Engine("keras", "plain Keras", "plain_keras", ("keras", "tensorflow")),
    Engine("keras_tuner", "KerasTuner", "tuner", ("keras_tuner", "tensorflow")),
    Engine("pytorch", "eager PyTorch", "torch_eager", ("torch",), parallel=True),
    Engine("ours", "eatnas_tf, 1 worker", "ours"),
    Engine("ours_parallel", "eatnas_tf, all workers", "ours", parallel=True),
)


def _output(command: list[str]) -> str:
    """What a command writes. It leads a group of processes, all of which end with it."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate()
        finally:
            _end_group(process.pid)
    if process.returncode:
        lines = errors.strip().splitlines() or [f"exit code {process.returncode}"]
        raise EngineError(lines[-1].strip())
    return output


def _end_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)

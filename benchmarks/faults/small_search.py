"""A search so small that it can be killed a hundred times, and what it leaves in its folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from eatnas_tf.network import weight_file
from eatnas_tf.searches import Limits
from eatnas_tf.stages.workdir import Workdir

ROOT = Path(__file__).parents[2]
POPULATION, CYCLES, TARGET = 3, 4, 1000
EVALUATIONS = POPULATION + CYCLES
LIMITS = Limits(cycles=CYCLES)
PATIENCE = 400  # seconds after which a process is taken to hang
FRAME = (
    "--dataset=fashion_mnist_mini",
    "--train_examples=400",
    "--image_size=14",
    "--strides=2,2",
    "--stem_filters=4",
    "--head_filters=8",
    "--batch_size=64",
    "--seed=3",
)
FLAGS = (
    *FRAME,
    "--blocks=2",
    "--depth_choices=1,2",
    f"--population={POPULATION}",
    "--sample=2",
    f"--cycles={CYCLES}",
    "--epochs=8",
    f"--target={TARGET}",
    "--top_k=2",
)


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its exit code, and what it wrote to stderr."""

    code: int
    said: str


@dataclass(frozen=True)
class Search:
    """A search in the folder `path`, and processes that run it."""

    path: Path
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    binary: str = "search"
    flags: tuple[str, ...] = FLAGS

    def command(self, *more: str) -> list[str]:
        flags = [*self.flags, f"--workdir={self.path}", *more]
        if self.binary == "search":
            flags.append(f"--workers={self.workers}")
        return [sys.executable, "-m", f"eatnas_tf.bin.{self.binary}", *flags]

    @contextmanager
    def started(self, *more: str, stderr: int | IO[str] = subprocess.PIPE) -> Iterator[subprocess.Popen]:
        """A process that leads a group of its own, of which nothing is left behind the block."""
        with subprocess.Popen(
            self.command(*more),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *more: str, stderr: int | IO[str] = subprocess.PIPE) -> Ended:
        """Runs it to its end."""
        with self.started(*more, stderr=stderr) as process:
            return ended(process)

    @property
    def workdir(self) -> Workdir:
        return Workdir(self.path)

    def journal(self) -> bytes:
        """The journal's bytes; none if there is no journal yet."""
        with suppress(FileNotFoundError):
            return self.workdir.journal.read_bytes()
        return b""

    def lines(self) -> list[dict[str, Any]]:
        """The candidates of the journal's whole lines."""
        return [json.loads(line) for line in whole_lines(self.journal())[1:]]

    def best(self) -> dict[str, Any]:
        return self.workdir.read("best.json")

    def weights(self) -> dict[str, dict[str, np.ndarray]]:
        """Every weight file's arrays. Raises InputError for a damaged one."""
        files = sorted((self.path / "weights").iterdir())
        return {file.name: weight_file.load(file) for file in files}

    def partials(self) -> list[str]:
        """What is half-written, anywhere in the folder."""
        return sorted(str(file.relative_to(self.path)) for file in self.path.rglob("*partial*"))


def ended(process: subprocess.Popen) -> Ended:
    """Waits for a process; one that hangs is killed."""
    alarm = threading.Timer(PATIENCE, process.kill)
    alarm.start()
    try:
        _, said = process.communicate()
    finally:
        alarm.cancel()
    return Ended(process.returncode, said or "")


def whole_lines(journal: bytes) -> list[bytes]:
    """Lines that end in a newline; what a crash has left behind them is none."""
    return journal[: journal.rfind(b"\n") + 1].splitlines()

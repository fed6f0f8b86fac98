"""What runs in a worker's process, and what it tells the main one. TensorFlow is imported by `build` only."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from threading import Thread

import cloudpickle

from eatnas_tf.reporting import terminal
from eatnas_tf.searches import Measurement
from eatnas_tf.training import passes

OUT_OF_MEMORY = 71  # the exit code of a worker that ran into a MemoryError: it dies of that, too


@dataclass(frozen=True)
class Place:
    """What a worker may use: threads for an operation (None: one a core), or a GPU by CUDA's name for it."""

    threads: int | None = None
    gpu: str | None = None


@dataclass(frozen=True)
class Ready:
    """The worker has what it needs to evaluate."""


@dataclass(frozen=True)
class Share:
    """So much of the candidate is done."""

    id: int
    share: float


@dataclass(frozen=True)
class Passing:
    """So many images of a pass over them are through, before the first candidate."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Done:
    """The measurement of the worker's task."""

    measurement: Measurement


@dataclass(frozen=True)
class Raised:
    """An exception, with its traceback as text; the worker has ended."""

    error: Exception
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> Raised:
        """`error` as it is, or as a RuntimeError with its text if it does not survive pickling."""
        told = "".join(traceback.format_exception(error))
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 (our own)
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return cls(error, told)


OnShare = Callable[[int, float], None]
Build = Callable[[Place, OnShare], Callable[[str], Measurement]]


def work(pipe: Connection, place: Place, build: bytes) -> None:
    """Builds an evaluation of tasks' JSON, then evaluates what comes through the pipe until it is killed.

    `build` is a Build by cloudpickle: parts and datasets may have been made in a notebook.

    A terminal's SIGINT goes to every process of the group: the main one acts on it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminal.take_streams()  # so that what a part prints cannot end a candidate
    Thread(target=_end_with_parent, daemon=True).start()
    if place.gpu is not None:
        os.environ |= {"CUDA_VISIBLE_DEVICES": place.gpu, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    try:
        with passes.heard(lambda what, done, total: pipe.send(Passing(what, done, total))):
            evaluate = cloudpickle.loads(build)(place, lambda number, share: pipe.send(Share(number, share)))
        pipe.send(Ready())
        while True:
            pipe.send(Done(evaluate(pipe.recv())))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:
        with suppress(OSError):  # the main process is gone
            pipe.send(Raised.of(error))


def _end_with_parent() -> None:
    """Ends this process when the main one is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)

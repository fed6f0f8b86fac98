"""The local workforce: long-lived processes that evaluate a search's candidates."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import ModuleType
from typing import Any

import cloudpickle
from absl import logging

from eatnas_tf.errors import InputError
from eatnas_tf.searches import Candidate, Finished, Measurement, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.stopping import asked, stop_if_asked
from eatnas_tf.stages.worker import (
    OUT_OF_MEMORY,
    Build,
    Done,
    OnShare,
    Passing,
    Place,
    Raised,
    Ready,
    Share,
    work,
)
from eatnas_tf.training.passes import OnPass

SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with TensorFlow's threads would hang
HEED = 0.5  # seconds after which a signal is heeded while nothing happens


class LocalWorkers:
    """A workforce of one process a place, each started for its first task and kept.

    A process that dies is started again and its task tried once more; one that is lost twice has accuracy 0,
    `size` of its architecture, and the reason. What a process raises, or that one dies twice before it is
    ready, ends the search. `on_share` hears of every task how much of it is done, `on_pass` of the passes
    over images that come before the first.
    """

    def __init__(
        self,
        places: Sequence[Place],
        build: Build,
        size: Callable[[Architecture], float],
        on_share: OnShare = lambda number, share: None,
        on_pass: OnPass | None = None,
    ) -> None:
        self.capacity = len(places)
        packed = cloudpickle.dumps(build)
        self._workers = [_Worker(place, packed) for place in places]
        self._size, self._on_share, self._on_pass = size, on_share, on_pass
        self._finished: deque[Finished] = deque()
        self._error: BaseException | None = None

    def submit(self, task: Task) -> None:
        """Gives the task to a free worker. Raises Stopped if asked to, once all that finished was taken."""
        if not self._finished:
            stop_if_asked()
        next(worker for worker in self._workers if worker.task is None).give(task)

    def next_finished(self) -> Finished:
        """Waits for a task that is finished. Raises Stopped, or what ended a worker, after all of those."""
        while not self._finished:
            self._listen(0 if self._error else HEED)
            if self._finished:
                break
            if self._error is not None:
                raise self._error
            stop_if_asked()
        return self._finished.popleft()

    def close(self) -> None:
        """Kills the workers: weights are whole or not there, and nothing else of theirs matters."""
        for worker in self._workers:
            worker.end()

    def _listen(self, seconds: float) -> None:
        ready = wait([handle for worker in self._workers for handle in worker.handles], seconds)
        for worker in self._workers:
            if not set(worker.handles).isdisjoint(ready):
                died = worker.died
                for message in worker.messages():
                    self._take(worker, message)
                if died:
                    self._bury(worker)

    def _take(self, worker: _Worker, message: object) -> None:
        if isinstance(message, Share):
            self._on_share(message.id, message.share)
        elif isinstance(message, Passing):
            if self._on_pass is not None:
                self._on_pass(message.what, message.done, message.total)
        elif isinstance(message, Ready):
            worker.ready, worker.false_starts = True, 0
        elif isinstance(message, Done):
            self._finish(worker, message.measurement)
        elif isinstance(message, Raised):
            message.error.__cause__ = InWorkerError(f"\n{message.traceback}")
            self._error = self._error or message.error

    def _finish(self, worker: _Worker, measurement: Measurement) -> None:
        assert worker.task is not None
        self._finished.append(Finished(worker.task.candidate, measurement))
        worker.task = None

    def _bury(self, worker: _Worker) -> None:
        """Ends what is left of a dead worker, and has its task tried again if that makes sense."""
        was_ready, reason = worker.ready, worker.end()
        if self._error or worker.task is None or asked():  # a terminal's or scheduler's signal goes to all
            return
        if was_ready:
            self._retry(worker, worker.task.candidate, reason)
        else:
            self._start_again(worker, reason)

    def _retry(self, worker: _Worker, candidate: Candidate, reason: str) -> None:
        if worker.lost_once:
            failed = f"worker died twice ({reason})"
            logging.warning("candidate %d: %s; it scores 0", candidate.id, failed)
            size = self._size(candidate.architecture)
            self._finish(worker, Measurement(0.0, size, details={"failed": failed}))
            return
        logging.warning("candidate %d: worker died (%s); trying once more", candidate.id, reason)
        worker.lost_once = True
        worker.start()

    def _start_again(self, worker: _Worker, reason: str) -> None:
        worker.false_starts += 1
        if worker.false_starts == 1:
            worker.start()
            return
        self._error = InputError(
            f"a worker died twice before it was ready ({reason}); give fewer --workers, or 1 to do without"
        )


class InWorkerError(Exception):
    """A worker's traceback, the cause of what the main process raises."""


class _Worker:
    """One place: its process, if one runs there, and the task it has."""

    def __init__(self, place: Place, build: bytes) -> None:
        self._place, self._build = place, build
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self.task: Task | None = None
        self.lost_once = False  # the task, by a death
        self.ready = False
        self.false_starts = 0  # deaths in a row before the process was ready

    @property
    def handles(self) -> list[Any]:
        """What there is to wait for."""
        return [] if self._process is None else [self._pipe, self._process.sentinel]

    @property
    def died(self) -> bool:
        return self._process is not None and not self._process.is_alive()

    def give(self, task: Task) -> None:
        self.task, self.lost_once = task, False
        if self._process is None:
            self.start()
        else:
            self._send()

    def start(self) -> None:
        """Starts the place's process, and gives it the task again."""
        self._pipe, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=work, args=(theirs, self._place, self._build), daemon=True)
        with _interrupts_blocked(), _main_hidden():
            self._process.start()
        theirs.close()
        self._send()

    def messages(self) -> Iterator[object]:
        """What the process has sent; of a message that its death cut off, nothing."""
        assert self._pipe is not None
        with suppress(EOFError, OSError):
            while self._pipe.poll():
                yield self._pipe.recv()

    def end(self) -> str:
        """Kills the process, if one runs, and says what it died of."""
        if self._process is None or self._pipe is None:
            return ""
        self._process.kill()
        self._process.join()
        reason = _reason(self._process.exitcode or 0)
        self._pipe.close()
        self._process.close()
        self._process, self._pipe, self.ready = None, None, False
        return reason

    def _send(self) -> None:
        assert self._pipe is not None
        assert self.task is not None
        with suppress(OSError):  # it died: its sentinel says so, too
            self._pipe.send(self.task.to_json())


def _reason(code: int) -> str:
    """What a process died of, from its exit code."""
    if code == OUT_OF_MEMORY:
        return "out of memory"
    if code >= 0:
        return f"exit code {code}"
    name = {number.value: number.name for number in signal.Signals}.get(-code, f"signal {-code}")
    return f"{name}; out of memory?" if -code == signal.SIGKILL else name


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """A process started in the block inherits that, and hears no SIGINT before it ignores it."""
    resource_tracker.ensure_running()  # the first process starts it, and its start would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """A process started in the block does not run the main module again: a script needs no guard for it."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main

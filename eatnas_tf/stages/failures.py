"""Trainings that raise: candidates score 0; three in a row from a part end a search, one a retraining."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import logging

from eatnas_tf import durable, registry
from eatnas_tf.errors import InputError, PartError, reason, shown
from eatnas_tf.searches import Candidate, Individual, Measurement, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.stopwatch import Stopwatch
from eatnas_tf.stages.workdir import Workdir

MOST = 3  # failures in a row
LEAVE_OUT = {
    "conv op": "leave it out of --conv_choices",
    "primitive": "leave it out of --primitives",
    "objective": "choose another --objective",
}


@dataclass(frozen=True)
class Surviving:
    """An evaluation that gives back a failed measurement where `evaluate` raises.

    Only what the candidate itself causes is caught. Settings, data and work folders that cannot be used still
    raise (InputError, WriteError). So does a lack of memory if it `ends_process`: the candidate then gets a
    second chance in a new one. The traceback is written to `failures/` of the work folder.
    """

    evaluate: Callable[[Task], Measurement]
    size: Callable[[Architecture], float]
    workdir: Workdir
    ends_process: bool = False

    def __call__(self, task: Task) -> Measurement:
        clock = Stopwatch()
        try:
            return self.evaluate(task)
        except PartError as error:
            return self._failed(task.candidate, error, clock.seconds)
        except (InputError, durable.WriteError):
            raise
        except Exception as error:
            _refuse_full_disk(error)
            if self.ends_process and _lacks_memory(error):
                raise MemoryError(str(error)) from error
            return self._failed(task.candidate, error, clock.seconds)

    def _failed(self, candidate: Candidate, error: Exception, seconds: float) -> Measurement:
        _keep_traceback(self.workdir, candidate.id, candidate.architecture, error)
        parts = () if _lacks_memory(error) else blamed(error, candidate.architecture)
        said = str(error) if isinstance(error, PartError) else reason(error)
        if parts and not isinstance(error, PartError):
            said = f"{' or '.join(parts)}: {said}"
        details = {"failed": shown(said), "parts": list(parts)}
        return Measurement(0.0, self.size(candidate.architecture), seconds, details)


def _refuse_full_disk(error: BaseException) -> None:
    """Raises WriteError if a full disk is behind the error: no candidate is to blame for that."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            what = str(cause.filename or "a temporary file")
            raise durable.WriteError(cause.errno, os.strerror(cause.errno), what) from error
        cause = cause.__cause__ or cause.__context__


def _keep_traceback(workdir: Workdir, number: int, architecture: Architecture, error: Exception) -> Path:
    path = workdir.failure_of(number)
    told = f"{architecture}\n\n{''.join(traceback.format_exception(error))}"
    with durable.writing(path):
        path.parent.mkdir(exist_ok=True)
    durable.write(path, lambda file: file.write(told.encode(errors="replace")))
    return path


@contextmanager
def ending(number: int, architecture: Architecture, workdir: Workdir) -> Iterator[None]:
    """What a part of others raises in the block ends a retraining in one line (InputError).

    The traceback is written to `failures/`. What a callback raises, and our own faults, stay what they are.
    """
    try:
        yield
    except (InputError, durable.WriteError):
        raise
    except Exception as error:
        heard = any(frame.name == "on_epoch" for frame in traceback.extract_tb(error.__traceback__))
        parts = () if heard or _lacks_memory(error) else blamed(error, architecture)
        if not parts:
            raise
        path = _keep_traceback(workdir, number, architecture, error)
        raise InputError(
            f"{' or '.join(parts)}: {reason(error)}, in {architecture}; put the part right and repeat the "
            f"command (traceback in {path})"
        ) from error


class Streak:
    """Counts failures in a row, and ends the search at the third that the same part may have caused."""

    def __init__(self, workdir: Workdir) -> None:
        self._workdir, self._count = workdir, 0
        self._common: set[str] = set()

    def take(self, individual: Individual) -> None:
        """Raises InputError. A lost worker is the machine's fault and does not count."""
        details = individual.measurement.details
        if "parts" not in details:
            self._count = 0
            return
        parts = set(details["parts"]) or {""}
        path = self._workdir.failure_of(individual.id)
        logging.warning(
            "candidate %d scores 0: %s (%s; traceback in %s)",
            individual.id, details["failed"], individual.architecture, path,
        )  # fmt: skip
        again = self._common & parts if self._count else set()
        self._count, self._common = (self._count + 1, again) if again else (1, parts)
        if self._count == MOST:
            raise InputError(_end(details, individual.architecture, sorted(self._common), path))


def blamed(error: BaseException, architecture: Architecture) -> tuple[str, ...]:
    """The parts that may have caused `error`, by name; none if only our own code took part.

    A part that raised has named itself. Else the innermost frame in a part's file tells. Else a layer
    that a part made was refused by Keras or TensorFlow: then it is one of the architecture's.
    """
    if isinstance(error, PartError):
        return (error.part,)
    used = _strangers(architecture)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        there = tuple(name for name, file in used.items() if file == frame.filename)
        if there:
            return there
    return tuple(used)


def _strangers(architecture: Architecture) -> dict[str, str | None]:
    """The parts of others that make an architecture's layers, each with its file."""
    found: dict[str, str | None] = {}
    for block in architecture:
        op = str(block.get("conv"))
        if registry.is_strange("conv_ops", op):
            found[f"conv op {op!r}"] = registry.file_of(registry.get("conv_ops", op))
        for primitive, value in block.items_:
            if primitive.rewrite is not None and value != primitive.default:
                found[f"primitive {primitive.name!r}"] = registry.file_of(primitive.rewrite)
    return found


def _lacks_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _end(details: dict[str, Any], architecture: Architecture, parts: list[str], path: Path) -> str:
    if parts == [""]:
        return (
            f"{MOST} candidates in a row failed, the last one, {architecture}, with {details['failed']}; no "
            f"part of yours is involved: see the traceback in {path} and report it; the same command goes on"
        )
    ways = " or ".join(filter(None, (LEAVE_OUT.get(part.partition(" '")[0]) for part in parts[:1])))
    return (
        f"{MOST} candidates in a row failed in {' or '.join(parts)}, the last one, {architecture}, with "
        f"{details['failed']}; put the part right and repeat the command, which goes on from here, or {ways} "
        f"in another --workdir (traceback in {path})"
    )

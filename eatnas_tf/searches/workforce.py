"""Whoever evaluates a search's candidates: the interface, and the workforce of one in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from eatnas_tf.searches.candidates import Candidate, Measurement
from eatnas_tf.space import Architecture, Change, Primitive


@dataclass(frozen=True)
class Task:
    """A candidate to evaluate, with its parent's architecture if it has a parent.

    Between processes it travels as text: a plugin's primitive need not survive pickling.
    """

    candidate: Candidate
    parent: Architecture | None = None

    def to_json(self) -> str:
        candidate = self.candidate
        return json.dumps(
            {
                "id": candidate.id,
                "architecture": str(candidate.architecture),
                "parent": candidate.parent,
                "mutated": candidate.mutated,
                "parent_architecture": None if self.parent is None else str(self.parent),
            }
        )

    @classmethod
    def from_json(cls, text: str, primitives: Sequence[Primitive]) -> Task:
        """`Task.from_json(task.to_json(), primitives) == task` for the primitives of the search's space."""
        fields = json.loads(text)
        parent = fields["parent_architecture"]
        candidate = Candidate(
            fields["id"],
            Architecture.parse(fields["architecture"], primitives),
            fields["parent"],
            tuple(Change(*change) for change in fields["mutated"]),
        )
        return cls(candidate, None if parent is None else Architecture.parse(parent, primitives))


@dataclass(frozen=True)
class Finished:
    """A candidate with its measurement; a lost one has accuracy 0 and a detail `failed`, the reason."""

    candidate: Candidate
    measurement: Measurement


class Workforce(Protocol):
    """Evaluates up to `capacity` tasks at a time: local processes, a cluster, or this process.

    Every submitted task comes back once, in any order. What ends the search is raised by `next_finished`,
    after all that had finished by then. Whoever makes a workforce closes it; closing loses what is at work.

    `capacity` may change at any time, as workers join and leave, and may be 0. A task whose worker leaves
    stays with the workforce, which gives it to another worker.
    """

    @property
    def capacity(self) -> int: ...

    def submit(self, task: Task) -> None:
        """Takes a task. Called only while fewer than `capacity` tasks are under way.

        If a worker leaves at that moment, the task waits in the workforce.
        """

    def next_finished(self) -> Finished | None:
        """Waits for the next task that is finished.

        Returns None if the capacity has changed, or may have: the search then reads it again. Called with no
        task under way only if the capacity is 0.
        """

    def close(self) -> None: ...


class Alone:
    """A workforce of one: evaluates in this process, when it is asked for the result."""

    capacity = 1

    def __init__(self, evaluate: Callable[[Task], Measurement]) -> None:
        self._evaluate = evaluate
        self._task: Task | None = None

    def submit(self, task: Task) -> None:
        self._task = task

    def next_finished(self) -> Finished:
        task, self._task = self._task, None
        assert task is not None
        return Finished(task.candidate, self._evaluate(task))

    def close(self) -> None:
        """There is nothing to close."""

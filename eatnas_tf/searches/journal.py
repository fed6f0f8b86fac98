"""The journal: one JSON line a finished candidate, the truth from which a search goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from eatnas_tf import durable
from eatnas_tf.errors import InputError, UnknownNameError
from eatnas_tf.fields import (
    NUMBER,
    NUMBER_OR_NAN,
    POSITIVE,
    TEXT,
    WHOLE,
    Kind,
    field,
    list_of,
    optional,
    python_number,
)
from eatnas_tf.searches.candidates import ACCURACY, Candidate, Individual, Measurement
from eatnas_tf.space import Architecture, Change, Primitive

SCHEMA = 1
ADVICE = "restore the line, or cut the file before it to go on from there"
FIELDS = (
    "id",
    "parent",
    "architecture",
    "mutated",
    "accuracy",
    "size",
    "score",
    "cycle",
    "replaced",
    "quality",
    "seconds",
)
METRICS = "metrics"  # an object, in the lines of individuals with other metrics than the accuracy
Line = TypeVar("Line")


class Journal:
    """An append-only file of JSON lines behind a header with the schema's version.

    A line counts once it is whole: `append` returns after it is on the disk, and of a torn last line nothing
    is read. A line in the middle that cannot be read is an error, never skipped. Only as a context, in which
    lines can be appended, is the file touched: it gets its header, and loses its torn line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._whole = 0  # bytes
        self.lines = self._read()

    def __enter__(self) -> Journal:
        with durable.writing(self.path):
            self._file = self.path.open("ab", buffering=0)
            try:
                self._begin()
            except BaseException:
                self._file.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, line: dict[str, Any]) -> None:
        """Writes one line through to the disk.

        Raises durable.WriteError if it cannot: then the line does not count, and the file is as it was.
        """
        with durable.writing(self.path):
            self._write(line)
        self.lines.append(line)

    def _begin(self) -> None:
        """Drops a torn line, and writes the header that a new file lacks, or one that could not have it."""
        if self._whole < self.path.stat().st_size:
            self._file.truncate(self._whole)
        if not self._whole:
            self._write({"schema": SCHEMA})
            durable.sync_folder(self.path.parent)

    def _write(self, line: dict[str, Any]) -> None:
        data, before = json.dumps(line, default=python_number).encode() + b"\n", self.path.stat().st_size
        try:
            while data:  # a disk that fills up takes a part, and refuses the rest
                data = data[self._file.write(data) :]
            durable.flush(self._file.fileno())
        except OSError:
            with suppress(OSError):  # what is left of the line then is dropped when the file is opened again
                self._file.truncate(before)
            raise

    def _read(self) -> list[dict[str, Any]]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror}); make it readable") from None
        whole = data[: data.rfind(b"\n") + 1]
        self._whole = len(whole)
        lines = [self._parsed(number, line) for number, line in enumerate(whole.splitlines(), start=1)]
        if lines and lines[0].get("schema") != SCHEMA:
            raise InputError(
                f"{self.path}: schema {lines[0].get('schema')!r}, this version reads {SCHEMA}; "
                "use the version of eatnas_tf that wrote it"
            )
        return lines[1:]

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise InputError(f"{self.path}, line {number}: {line[:40]!r} is not a JSON object; {ADVICE}")
        return parsed

    def read(self, what: str, parse: Callable[[dict[str, Any]], Line]) -> Iterator[Line]:
        """What `parse` makes of every line, in order. Raises InputError for a line that is not `what`."""
        for number, line in enumerate(self.lines, start=2):
            try:
                parsed = parse(line)
            except UnknownNameError as error:  # the line is sound; its part is not there
                raise error.saying(f"{self.path}, line {number}: {error}") from None
            except InputError as error:
                raise InputError(f"{self.path}, line {number}: not {what} ({error}); {ADVICE}") from None
            yield parsed


def line_of(individual: Individual, quality: float | None) -> dict[str, Any]:
    """A candidate as the journal holds it, with the quality of the population that it joined.

    These are FIELDS, then the metrics other than accuracy if there are any, then the measurement's details,
    such as the reason why a candidate failed. A measurement without an accuracy has no such field.
    """
    candidate, measurement = individual.candidate, individual.measurement
    further = {name: value for name, value in measurement.metrics.items() if name != ACCURACY}
    return {
        "id": candidate.id,
        "parent": candidate.parent,
        "architecture": str(candidate.architecture),
        "mutated": [list(change) for change in candidate.mutated],
        **({ACCURACY: measurement.accuracy} if ACCURACY in measurement.metrics else {}),
        "size": measurement.size,
        "score": individual.score,
        "cycle": individual.cycle,
        "replaced": individual.replaced,
        "quality": quality,
        "seconds": round(measurement.seconds, 3),
        **({METRICS: further} if further else {}),
        **measurement.details,
    }


def individuals(journal: Journal, primitives: Sequence[Primitive] | None = None) -> Iterator[Individual]:
    """The individuals of a search's journal, in the order in which they were told. Raises InputError."""
    return journal.read("a candidate", partial(_individual, primitives=primitives))


def _individual(line: dict[str, Any], primitives: Sequence[Primitive] | None) -> Individual:
    candidate = Candidate(
        field(line, "id", WHOLE),
        Architecture.parse(field(line, "architecture", TEXT), primitives),
        field(line, "parent", optional(WHOLE)),
        tuple(Change(*change) for change in field(line, "mutated", list_of(CHANGE))),
    )
    measurement = Measurement(
        size=field(line, "size", POSITIVE),
        seconds=field(line, "seconds", NUMBER),
        details={name: value for name, value in line.items() if name not in (*FIELDS, METRICS)},
        metrics=_metrics(line),
    )
    return Individual(
        candidate,
        measurement,
        field(line, "score", NUMBER),
        field(line, "cycle", WHOLE),
        field(line, "replaced", optional(WHOLE)),
    )


def _metrics(line: dict[str, Any]) -> dict[str, float]:
    """The accuracy, which may be missing only where there are other metrics, and those."""
    further = field(line, METRICS, NUMBERS) if METRICS in line else {}
    if further and ACCURACY not in line:
        return further
    return {ACCURACY: field(line, ACCURACY, NUMBER_OR_NAN), **further}


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(NUMBER_OR_NAN.fits, value.values()))


def _is_change(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(Change._fields)
        and WHOLE.fits(value[0])
        and TEXT.fits(value[1])
        and all(one is None or TEXT.fits(one) or NUMBER.fits(one) for one in value[2:])
    )


NUMBERS = Kind("an object of numbers", _are_numbers)
CHANGE = Kind("block, primitive, old and new value", _is_change)

"""The journal: one JSON line a finished candidate, the truth from which a search goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.evolution.population import Candidate, Individual, Measurement
from eatnas_tf.space import Architecture, Change, Primitive

SCHEMA = 1
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


class Journal:
    """An append-only file of JSON lines behind a header with the schema's version.

    A line counts once it is whole: `append` returns after it is on the disk, and a torn last line is dropped
    when the file is opened again. A line in the middle that cannot be read is an error, never skipped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = self._read()
        with durable.writing(path):
            self._file = path.open("ab", buffering=0)
        try:
            if not self.lines:
                self._begin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def append(self, line: dict[str, Any]) -> None:
        """Writes one line through to the disk.

        Raises durable.WriteError if it cannot: then the line does not count, and the file is as it was.
        """
        with durable.writing(self.path):
            self._write(line)
        self.lines.append(line)

    def _begin(self) -> None:
        """The header, which a new file lacks, and one whose header could not be written."""
        with durable.writing(self.path):
            if self.path.stat().st_size == 0:
                self._write({"schema": SCHEMA})
                durable.sync_folder(self.path.parent)

    def _write(self, line: dict[str, Any]) -> None:
        data, before = json.dumps(line).encode() + b"\n", self.path.stat().st_size
        try:
            while data:  # a disk that fills up takes a part, and refuses the rest
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
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
        if len(whole) < len(data):
            with durable.writing(self.path):
                os.truncate(self.path, len(whole))
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
            raise InputError(
                f"{self.path}, line {number}: {line[:40]!r} is not a JSON object; "
                "restore the line, or cut the file before it to go on from there"
            )
        return parsed


def line_of(individual: Individual, quality: float | None) -> dict[str, Any]:
    """A candidate as the journal holds it, with the quality of the population that it joined.

    These are FIELDS, then the measurement's details, such as the reason why a candidate failed.
    """
    candidate, measurement = individual.candidate, individual.measurement
    return {
        "id": candidate.id,
        "parent": candidate.parent,
        "architecture": str(candidate.architecture),
        "mutated": [list(change) for change in candidate.mutated],
        "accuracy": measurement.accuracy,
        "size": measurement.size,
        "score": individual.score,
        "cycle": individual.cycle,
        "replaced": individual.replaced,
        "quality": quality,
        "seconds": round(measurement.seconds, 3),
        **measurement.details,
    }


def individuals(journal: Journal, primitives: Sequence[Primitive] | None = None) -> Iterator[Individual]:
    """The individuals of a search's journal, in the order in which they were told. Raises InputError."""
    told: set[int] = set()
    for number, line in enumerate(journal.lines, start=2):
        try:
            individual = _individual(line, primitives)
            if individual.id in told:
                raise InputError(f"{individual.id} has a line already")
        except (KeyError, TypeError, AttributeError, InputError) as error:
            raise InputError(
                f"{journal.path}, line {number}: not a candidate ({type(error).__name__}: {error}); "
                "restore the line, or cut the file before it to go on from there"
            ) from None
        told.add(individual.id)
        yield individual


def _individual(line: dict[str, Any], primitives: Sequence[Primitive] | None) -> Individual:
    candidate = Candidate(
        line["id"],
        Architecture.parse(line["architecture"], primitives),
        line["parent"],
        tuple(Change(*change) for change in line["mutated"]),
    )
    details = {name: value for name, value in line.items() if name not in FIELDS}
    measurement = Measurement(line["accuracy"], line["size"], line["seconds"], details)
    return Individual(candidate, measurement, line["score"], line["cycle"], line["replaced"])

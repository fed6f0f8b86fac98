"""Where the weights of candidates are kept: the protocol, and a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from eatnas_tf import durable
from eatnas_tf.network import weight_file
from eatnas_tf.network.initial import Weights


class WeightStore(Protocol):
    """The weights of a stage's networks by id, the only way to them.

    The main process and its workers have a copy each, so a store survives cloudpickle, and every copy sees
    what the others have saved.
    """

    def save(self, number: int, weights: Weights) -> None:
        """Keeps the weights; after a crash there are the old ones, the new ones or none, never a part.

        They are there for good when this returns. Raises durable.WriteError.
        """

    def load(self, number: int) -> dict[str, np.ndarray]:
        """Weights by variable name. Raises InputError if there are none, or if they are damaged."""
        ...

    def has(self, number: int) -> bool: ...

    def size(self, number: int) -> int:
        """Bytes that the weights take; 0 if there are none."""
        ...

    def place(self, number: int) -> str:
        """Where the weights are, relative to the work folder, as best.json names it."""
        ...

    def keep(self, numbers: Collection[int], pending: Collection[int] = ()) -> None:
        """Deletes all other weights, and what a crash left half-written. Raises durable.WriteError.

        Candidates in `pending`, whose weights other processes may be writing, are not touched.
        """


@dataclass(frozen=True)
class WeightFolder:
    """A file `NNNNNN.npz` for every network, in a folder that exists."""

    folder: Path

    def path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"

    def save(self, number: int, weights: Weights) -> None:
        weight_file.save(self.path(number), weights)

    def load(self, number: int) -> dict[str, np.ndarray]:
        return weight_file.load(self.path(number))

    def has(self, number: int) -> bool:
        return self.path(number).exists()

    def size(self, number: int) -> int:
        return self.path(number).stat().st_size if self.has(number) else 0

    def place(self, number: int) -> str:
        return f"{self.folder.name}/{self.path(number).name}"

    def keep(self, numbers: Collection[int], pending: Collection[int] = ()) -> None:
        kept = {self.path(number).name for number in numbers}
        touched = {self.path(number).stem for number in pending}
        with durable.writing(self.folder):
            for file in self.folder.iterdir():
                if file.name not in kept and file.name.partition(".")[0] not in touched:
                    file.unlink()


class SavedWeights(Protocol):
    """One network's weights, to be loaded when they are needed."""

    def load(self) -> dict[str, np.ndarray]:
        """Raises InputError if they are missing or damaged."""
        ...


@dataclass(frozen=True)
class Stored:
    """The weights of one network in a store."""

    store: WeightStore
    number: int

    def load(self) -> dict[str, np.ndarray]:
        return self.store.load(self.number)


@dataclass(frozen=True)
class InFile:
    """The weights in one file, such as the result of a retraining."""

    path: Path

    def load(self) -> dict[str, np.ndarray]:
        return weight_file.load(self.path)

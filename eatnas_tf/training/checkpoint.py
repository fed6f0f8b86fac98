"""Checkpoints: what a training goes on from after a crash, as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.network import npz
from eatnas_tf.training.epoch import Epoch

HISTORY = "history"


class Checkpoint:
    """Every variable of a training after its last whole epoch, the optimizer's too, in one file.

    `history` holds what `record` says of each epoch that is done.
    """

    def __init__(self, path: Path, record: Callable[[Epoch], dict[str, float]] = Epoch.scalars) -> None:
        self._path, self._record = path, record
        self.history: list[dict[str, float]] = []
        if path.exists():
            self.history = json.loads(npz.arrays(path, [HISTORY])[0].tobytes())

    def add(self, epoch: Epoch, variables: Sequence[Any]) -> None:
        """Records an epoch; the file is replaced as a whole."""
        self.history.append(self._record(epoch))
        values = dict(zip(_names(variables), map(np.asarray, variables), strict=True))
        history = np.frombuffer(json.dumps(self.history).encode(), np.uint8)
        durable.write(self._path, lambda file: npz.write(file, {HISTORY: history, **values}))

    def restore(self, variables: Sequence[Any]) -> None:
        """Gives the variables the values of the file, if there is one. Raises InputError if they differ."""
        if not self._path.exists():
            return
        names = _names(variables)
        if {*npz.names(self._path)} != {HISTORY, *names}:
            raise self._of_another()
        for variable, value in zip(variables, npz.arrays(self._path, names), strict=True):
            if tuple(variable.shape) != value.shape:
                raise self._of_another()
            variable.assign(value)

    def _of_another(self) -> InputError:
        return InputError(
            f"{self._path}: a checkpoint of another network; remove it to train this one from the start"
        )


def _names(variables: Sequence[Any]) -> list[str]:
    """By place: the names that Keras gives to an optimizer's variables differ from process to process."""
    return [f"{number:04d}" for number in range(len(variables))]

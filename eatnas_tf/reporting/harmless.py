"""What is drawn for looking at ends nothing: what goes wrong with it is said once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from absl import logging

from eatnas_tf.errors import reason, shown


class Harmless:
    """A context that swallows errors of some kinds. After the first one it is `silent`: do no more of it."""

    def __init__(self, trouble: str, *kinds: type[Exception]) -> None:
        self._trouble, self._kinds = trouble, kinds
        self.silent = False

    @contextmanager
    def __call__(self) -> Iterator[None]:
        try:
            yield
        except self._kinds as error:
            if not self.silent:
                said = error if isinstance(error, OSError) else reason(error)
                logging.warning("%s (%s); the run goes on without", self._trouble, shown(str(said)))
            self.silent = True


def writing() -> Harmless:
    """For TensorBoard's files, of which a run has many."""
    return Harmless("TensorBoard: cannot write", OSError)


def drawing() -> Harmless:
    """For pictures: whatever a library for them raises."""
    return Harmless("TensorBoard: cannot draw", Exception)

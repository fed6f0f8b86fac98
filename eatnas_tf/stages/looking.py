"""What a person sees of the passes over images that come before a stage's own work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eatnas_tf.reporting import progress
from eatnas_tf.training import passes


@contextmanager
def passes_shown() -> Iterator[None]:
    """In the block every long pass has a bar of its own. Not within another bar: that one takes `aside`."""
    with progress.bars("image") as listener, passes.heard(listener):
        yield

"""TensorFlow and the process's strategy, as a stage's runtime settings ask for them."""

from __future__ import annotations

from typing import Any

from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.training.startup import load_tensorflow


def strategy(runtime: RuntimeConfig) -> Any:
    """The process's strategy; TensorFlow is loaded if it was not. Raises InputError as `configure` does."""
    load_tensorflow()
    from eatnas_tf.training.strategy import configure

    return configure(runtime.distribution, runtime.logical_cpus)


def refuse_missing(runtime: RuntimeConfig) -> None:
    """Raises InputError if there is nothing to mirror over; only mirroring pays for looking."""
    if runtime.distribution == "mirrored":
        strategy(runtime)

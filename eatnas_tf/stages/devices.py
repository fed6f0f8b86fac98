"""TensorFlow, the process's strategy and the workers' places, as a stage's runtime settings ask for them."""

from __future__ import annotations

import os
from typing import Any

from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.stages.worker import Place
from eatnas_tf.training.machine import cores
from eatnas_tf.training.startup import load_tensorflow


def strategy(runtime: RuntimeConfig, threads: int | None = None) -> Any:
    """The process's strategy; TensorFlow is loaded if it was not. Raises InputError as `configure` does."""
    load_tensorflow()
    from eatnas_tf.training.strategy import configure

    return configure(runtime.distribution, runtime.logical_cpus, threads)


def refuse_missing(runtime: RuntimeConfig) -> None:
    """Raises InputError if there is nothing to mirror over; only mirroring pays for looking."""
    if runtime.distribution == "mirrored":
        strategy(runtime)


def places(runtime: RuntimeConfig, workers: int | None) -> list[Place]:
    """A place for each of `workers` (None: as many as fit): the cores shared out, or the GPUs dealt round.

    Looks at the devices and takes none of them. Mirroring has the one place of all devices.
    """
    if runtime.distribution == "mirrored":
        return [Place()]
    gpus, shared = _gpus(), cores()
    count = workers or len(gpus) or shared
    if gpus:
        return [Place(gpu=gpus[number % len(gpus)]) for number in range(count)]
    return [Place(threads=max(1, shared // count))] * count


def _gpus() -> list[str]:
    """The names by which CUDA knows the GPUs that this process sees."""
    load_tensorflow()
    import tensorflow as tf

    count = len(tf.config.list_physical_devices("GPU"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return chosen.split(",")[:count] if chosen else [str(number) for number in range(count)]

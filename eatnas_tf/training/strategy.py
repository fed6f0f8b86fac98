"""The one distribution strategy of a process.

A second MirroredStrategy in a process fails from the second model on, so the first one is kept.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import tensorflow as tf
from absl import logging

from eatnas_tf.errors import InputError
from eatnas_tf.training.machine import cores, cpu_quotas

_configured: list[tuple[str, int]] = []


def configure(distribution: str = "one_device", logical_cpus: int = 0, threads: int | None = None) -> Any:
    """The strategy of this process: one device, or all GPUs, or the CPU split into `logical_cpus` devices.

    An operation uses `threads` threads, by default one a core.
    Has to come before TensorFlow's first operation. Raises InputError if there is nothing to mirror over, or
    if the process already runs otherwise.
    """
    if _configured and _configured[0] != (distribution, logical_cpus):
        raise InputError(f"distribution: this process already runs {_configured[0]}; start another one")
    if distribution == "mirrored" and not logical_cpus and not tf.config.list_physical_devices("GPU"):
        raise InputError(
            "--distribution=mirrored found no GPU; use one_device, or --logical_cpus=2 to mirror "
            "over parts of the CPU"
        )
    if not _configured:
        try:
            _prepare_devices(logical_cpus, threads)
        except RuntimeError:  # a program has used TensorFlow before
            if logical_cpus:
                raise InputError(
                    "--logical_cpus: TensorFlow was used before in this process; use it after the first stage"
                ) from None
            logging.warning(
                "TensorFlow was used before in this process: its devices stay as they are, "
                "and a training here need not repeat bit for bit"
            )
    strategy = _strategy(distribution, logical_cpus)
    _configured[:] = [(distribution, logical_cpus)]
    return strategy


def _prepare_devices(logical_cpus: int, threads: int | None) -> None:
    if not tf.config.list_physical_devices("GPU"):
        # Graphs here run for seconds only, and the rewriter costs one of them without making a step faster.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    threads = threads or _quota()
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    if logical_cpus:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * logical_cpus
        )
    if not tf.config.list_physical_devices("GPU"):
        # A training repeats bit for bit only with one inter-op thread.
        tf.config.threading.set_inter_op_parallelism_threads(max(1, logical_cpus))


def _quota() -> int | None:
    """Cores by a container's quota; None without one: TensorFlow itself sees the affinity only."""
    return cores() if cpu_quotas() else None


@cache
def _strategy(distribution: str, logical_cpus: int) -> Any:
    gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
    cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
    if distribution == "one_device":
        return tf.distribute.OneDeviceStrategy((gpus or cpus)[0])
    return tf.distribute.MirroredStrategy(cpus if logical_cpus else gpus)

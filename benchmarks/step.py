"""Where the time of the shared graph's training steps goes, by kind of TensorFlow operation.

    python -m benchmarks.step

Random candidates of the benchmark's task train in turn, in one process with one thread, under TensorFlow's
profiler. What no operation took is the executor's own time, and the profiler's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.engines.ours import RECIPE
from benchmarks.task import BATCH, FRAME, Task, network_of
from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.reporting import tables
from eatnas_tf.stages import devices

STEPS = 4
SHOWN = 12
HOST = "/host:CPU"
CONTROL = ("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile")  # hold what they run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=int, default=6)
    candidates = parser.parse_args().candidates
    strategy = devices.strategy(RuntimeConfig(workdir=""), threads=1)
    from eatnas_tf.training.engine import KerasEngine
    from eatnas_tf.training.shared_graph.engine import SharedGraph
    from eatnas_tf.training.trainer import Trainer

    task = Task(images=STEPS * BATCH, candidates=candidates)
    trainer = Trainer(strategy, task.examples()[0], RECIPE)
    graph = SharedGraph(trainer, FRAME.num_classes, KerasEngine(trainer))
    wall, spent = 0.0, Counter[str]()
    for code in task.codes():
        trainee = graph.load(network_of(code), [0])
        trainee.train(0)  # traces, allocates
        seconds, found = _profiled(lambda trainee=trainee: trainee.train(1))  # type: ignore[misc]
        wall += seconds
        spent += found
    _show(wall, spent, STEPS * candidates)


def _profiled(train: Callable[[], object]) -> tuple[float, Counter[str]]:
    """How long the training took, and seconds by kind of operation."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        begun = perf_counter()
        train()
        seconds = perf_counter() - begun
        tf.profiler.experimental.stop()
        spent: Counter[str] = Counter()
        for file in Path(folder).rglob("*.xplane.pb"):
            for kind, taken in operations(file.read_bytes()):
                spent[kind] += taken
    return seconds, spent


def operations(profile: bytes) -> Iterator[tuple[str, float]]:
    """Kind and seconds of every operation that ran on the CPU."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    for plane in xplane_pb2.XSpace.FromString(profile).planes:
        if plane.name != HOST:
            continue
        for event in (event for line in plane.lines for event in line.events):
            name, _, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
            if name and "/" in name and kind not in CONTROL:
                yield kind.removeprefix("_Mkl").removeprefix("Native"), event.duration_ps / 1e12


def _show(wall: float, spent: Counter[str], steps: int) -> None:
    rows = [(kind, seconds) for kind, seconds in spent.most_common(SHOWN)]
    rows.append(("all other operations", sum(spent.values()) - sum(seconds for _, seconds in rows)))
    rows.append(("between operations", wall - sum(spent.values())))
    rows.append(("a step", wall))
    tables.show(
        f"one thread, batch {BATCH}, mean of {steps} steps",
        ("operation", "ms a step", "share %"),
        [(what, f"{1000 * seconds / steps:.1f}", f"{100 * seconds / wall:.1f}") for what, seconds in rows],
        left=("operation",),
    )


if __name__ == "__main__":
    main()

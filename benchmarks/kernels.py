"""Times the kernels of network/kernels.py and the folded batch norm against what they take the place of.

    python -m benchmarks.kernels

Each pair runs in turn in one process, with one thread, and the ratio is the median over the rounds: the
machine may be busy, but it is as busy for the one as for the other.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.engines.ours import RECIPE
from benchmarks.task import BATCH, FRAME, Task, network_of
from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.reporting import tables
from eatnas_tf.stages import devices

CALLS = 20
Pair = tuple[str, Callable[[], Any], Callable[[], Any]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="Timings of each pair.")
    rounds = parser.parse_args().rounds
    strategy = devices.strategy(RuntimeConfig(workdir=""), threads=1)
    rows = [_measured(pair, rounds) for pair in (*_kernels(), _grouped(), _folding(strategy))]
    columns = ("what", "before ms", "ours ms", "times as fast")
    tables.show(f"one thread, batch {BATCH}, median of {rounds} rounds", columns, rows, left=("what",))


def _measured(pair: Pair, rounds: int) -> tuple[str, str, str, str]:
    what, before, ours = pair
    times = []
    for function in (before, ours):
        function()  # traces, allocates
    for _ in range(rounds):
        times.append((_seconds(before), _seconds(ours)))
    first, second = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(one / other for one, other in times)
    return what, f"{1000 * first:.1f}", f"{1000 * second:.1f}", f"{ratio:.2f}"


def _seconds(function: Callable[[], Any]) -> float:
    begun = perf_counter()
    function()
    return perf_counter() - begun


def _kernels() -> list[Pair]:
    import tensorflow as tf

    from eatnas_tf.network import kernels

    def graph(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """Calls one after the other within a graph, as in a training, where memory is used again."""

        @tf.function
        def repeated(*arguments: Any) -> Any:
            result = function(*arguments)
            for _ in tf.range(CALLS - 1):
                result = function(*arguments)
            return tf.reduce_sum(result)

        return lambda: repeated(*arguments).numpy()

    features = tf.random.stateless_normal((BATCH, 28, 28, 64), [1, 2])
    pairs: list[Pair] = [("ReLU", graph(tf.nn.relu, features), graph(kernels.relu, features))]
    inputs, gradient = (tf.random.stateless_normal((BATCH, 14, 14, 96), [seed, 2]) for seed in (3, 4))
    for kernel in (5, 7):

        def stock(inputs: Any, gradient: Any, kernel: int = kernel) -> Any:
            shape = [kernel, kernel, 96, 1]
            return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=inputs, filter_sizes=shape, out_backprop=gradient, strides=[1, 1, 1, 1], padding="SAME"
            )

        def ours(inputs: Any, gradient: Any, kernel: int = kernel) -> Any:
            return kernels.depthwise_filter_gradient(inputs, gradient, kernel, 1)

        def at_once(inputs: Any, gradient: Any, kernel: int = kernel) -> Any:
            return kernels.grouped_filter_gradient(inputs, gradient, kernel)

        what = f"gradient of a {kernel}x{kernel} depthwise kernel"
        chunks = f"{what}: a few images at a time"
        pairs.append((what, graph(stock, inputs, gradient), graph(ours, inputs, gradient)))
        pairs.append((chunks, graph(at_once, inputs, gradient), graph(ours, inputs, gradient)))
    return pairs


def _grouped() -> Pair:
    """A 3x3 convolution of 64 channels in 8 groups and its gradients, by the stock layer and by ours."""
    import tensorflow as tf

    from eatnas_tf.layers import Conv
    from eatnas_tf.network.fast_layers import fast_layer
    from eatnas_tf.network.keras_layers import keras_layer

    spec = Conv("grouped", 64, 64, 3, groups=8)
    features = tf.random.stateless_normal((BATCH, 14, 14, 64), [5, 2])

    def both_ways(layer: Any) -> Callable[[], Any]:
        layer.build(features.shape)

        @tf.function
        def gradients() -> Any:
            with tf.GradientTape() as tape:
                tape.watch(features)
                loss = tf.reduce_sum(layer(features) ** 2)
            return tape.gradient(loss, [features, layer.kernel.value])

        return lambda: [gradient.numpy() for gradient in gradients()]

    stock, ours = keras_layer(spec, "stock"), fast_layer(spec, "ours")
    return "grouped convolution and its gradients", both_ways(stock), both_ways(ours)


def _folding(strategy: Any) -> Pair:
    """A training of the shared graph with batch norm folded nowhere, and where it pays."""
    from eatnas_tf.training.engine import KerasEngine
    from eatnas_tf.training.shared_graph import program
    from eatnas_tf.training.shared_graph.engine import SharedGraph
    from eatnas_tf.training.trainer import Trainer

    task = Task(images=8 * BATCH, candidates=1)
    train, _ = task.examples()
    trainer = Trainer(strategy, train, RECIPE)
    graph = SharedGraph(trainer, FRAME.num_classes, KerasEngine(trainer))
    network = network_of(task.codes()[0])

    def training(folding: int) -> Callable[[], Any]:
        def train_once() -> None:
            usual, program.FOLDING = program.FOLDING, folding
            try:
                trainee = graph.load(network, [0])
            finally:
                program.FOLDING = usual
            trainee.train(0)

        return train_once

    return "eight steps of a random network", training(0), training(program.FOLDING)


if __name__ == "__main__":
    main()

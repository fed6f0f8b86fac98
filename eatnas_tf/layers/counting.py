"""Parameters and multiply-adds of the inference network, by adding up specs."""

from __future__ import annotations

from typing import NamedTuple

from eatnas_tf.layers.expand import Network
from eatnas_tf.layers.specs import Size, Spec


class Count(NamedTuple):
    """Trainable weights (BN's gamma and beta in) and multiply-accumulates of one image."""

    params: int
    mult_adds: int


class Row(NamedTuple):
    """One line of a network's description: stem, a layer of a block, or head."""

    block: str
    op: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    output_size: Size
    counted: Count


def count(network: Network) -> Count:
    """Totals of the network without the auxiliary tower."""
    return _sum([row.counted for row in describe(network)])


def describe(network: Network) -> list[Row]:
    """One row for the stem, for every layer (its shortcut counted in) and for the head."""
    frame = network.frame
    total, size = _walk(network.stem, (frame.image_size, frame.image_size))
    rows = [Row("stem", "conv", 3, frame.stem_stride, frame.channels, frame.stem_filters, size, total)]
    for layer in network.layers:
        shortcut, _ = _walk(layer.shortcut or (), size)
        main, size = _walk(layer.specs, size)
        rows.append(
            Row(
                str(layer.block),
                layer.op,
                layer.kernel,
                layer.stride,
                layer.inputs,
                layer.outputs,
                size,
                _sum([main, shortcut]),
            )
        )
    total, size = _walk(network.head, size)
    rows.append(Row("head", "conv, dense", 1, 1, network.layers[-1].outputs, frame.num_classes, size, total))
    return rows


def _walk(specs: tuple[Spec, ...], size: Size) -> tuple[Count, Size]:
    counts = []
    for spec in specs:
        counts.append(Count(spec.params(), spec.mult_adds(size)))
        size = spec.output_size(size)
    return _sum(counts), size


def _sum(counts: list[Count]) -> Count:
    return Count(sum(c.params for c in counts), sum(c.mult_adds for c in counts))

"""Parameters and multiply-adds of the inference network, by adding up specs."""

from __future__ import annotations

from typing import NamedTuple

from eatnas_tf.layers.specs import Size
from eatnas_tf.layers.structure import Network, Place


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
    stem, *middle, head = network.places
    rows = [
        Row(
            "stem",
            "conv",
            3,
            frame.stem_stride,
            frame.channels,
            frame.stem_filters,
            stem.output.size,
            _counted(stem),
        )
    ]
    for layer, place in zip(network.layers, middle, strict=True):
        rows.append(
            Row(
                str(layer.block),
                layer.op,
                layer.kernel,
                layer.stride,
                layer.inputs,
                layer.outputs,
                place.output.size,
                _counted(place),
            )
        )
    width = network.layers[-1].outputs
    rows.append(Row("head", "conv, dense", 1, 1, width, frame.num_classes, head.output.size, _counted(head)))
    return rows


def _counted(place: Place) -> Count:
    steps = (*place.steps, *place.bypass)
    return _sum([Count(spec.params(), spec.mult_adds(inputs[0].size)) for spec, _, inputs, _ in steps])


def _sum(counts: list[Count]) -> Count:
    return Count(sum(c.params for c in counts), sum(c.mult_adds for c in counts))

"""Published networks as specs: what our counting is held against."""

from __future__ import annotations

from dataclasses import replace

from eatnas_tf.layers.expand import Frame, Layer, Network, assemble, block_layers
from eatnas_tf.space import STANDARD, Architecture, Block

MOBILENET_FRAME = Frame(width_base="mobilenet_v2", shortcut="identity")
MOBILENET_V2 = Architecture.parse(
    "-".join(
        f"{op}_k3_s1_w1.0_d{depth}"
        for op, depth in zip(("mb1", *("mb6",) * 6), (1, 2, 3, 4, 3, 3, 1), strict=True)
    )
)

_MNASNET_B1 = (  # op, kernel, depth, output width, stride: arXiv 1807.11626, figure 7a
    ("sep", 3, 1, 16, 1),
    ("mb3", 3, 3, 24, 2),
    ("mb3", 5, 3, 40, 2),
    ("mb6", 5, 3, 80, 2),
    ("mb6", 3, 2, 96, 1),
    ("mb6", 5, 4, 192, 2),
    ("mb6", 3, 1, 320, 1),
)


def mnasnet_b1(frame: Frame = MOBILENET_FRAME) -> Network:
    """MnasNet-B1. Not a code of ours: its widths are free and its `sep` ends without an activation."""
    layers: list[Layer] = []
    inputs = frame.stem_filters
    for position, (op, kernel, depth, outputs, stride) in enumerate(_MNASNET_B1, start=1):
        block = Block.of(STANDARD, conv=op, kernel=kernel, skip=1, width=1.0, depth=depth)
        layers += block_layers(position, block, inputs, outputs, stride, frame.shortcut, linear=True)
        inputs = outputs
    return assemble(replace(frame, strides=tuple(row[4] for row in _MNASNET_B1)), layers)

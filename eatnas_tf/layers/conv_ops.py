"""Convolution operations: pure functions from widths, kernel and stride to a list of specs (section 3.2).

An operation is written once, here or in a plugin (entry-point group `eatnas_tf.conv_ops`). `mbT` is known for
every whole T without being registered one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from eatnas_tf import registry
from eatnas_tf.errors import UnknownNameError
from eatnas_tf.layers.specs import Activation, BatchNorm, Conv, Depthwise, Spec

ConvOp = Callable[[int, int, int, int], list[Spec]]


def separable(inputs: int, outputs: int, kernel: int, stride: int) -> list[Spec]:
    """`sep`: depthwise k x k, BN, ReLU, then 1 x 1 to `outputs`, BN, ReLU."""
    return [
        *_depthwise(inputs, kernel, stride),
        Conv("pointwise", inputs, outputs),
        BatchNorm("pointwise_bn", outputs),
        Activation("pointwise_relu", "relu"),
    ]


def inverted_bottleneck(inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> list[Spec]:
    """`mbT`: 1 x 1 to T * `inputs`, BN, ReLU, depthwise k x k, BN, ReLU, 1 x 1 to `outputs`, BN.

    T = 1 has no expansion (MobileNetV2, arXiv 1801.04381).
    """
    hidden = inputs * expansion
    expand: list[Spec] = [
        Conv("expand", inputs, hidden),
        BatchNorm("expand_bn", hidden),
        Activation("expand_relu", "relu"),
    ]
    return [
        *(expand if expansion > 1 else []),
        *_depthwise(hidden, kernel, stride),
        Conv("project", hidden, outputs),
        BatchNorm("project_bn", outputs),
    ]


mb1 = partial(inverted_bottleneck, expansion=1)
mb3 = partial(inverted_bottleneck, expansion=3)
mb6 = partial(inverted_bottleneck, expansion=6)


@cache
def find(name: str) -> ConvOp:
    """The operation called `name`. Raises UnknownNameError."""
    try:
        return registry.get("conv_ops", name)
    except UnknownNameError:
        expansion = re.fullmatch(r"mb([1-9][0-9]?)", name)
        if expansion is None:
            raise
        return partial(inverted_bottleneck, expansion=int(expansion[1]))


def family(name: str) -> str:
    """The operation without its expansion ratio: `mb` for `mb3` and `mb6`."""
    return name.rstrip("0123456789")


def _depthwise(channels: int, kernel: int, stride: int) -> list[Spec]:
    return [
        Depthwise("depthwise", channels, kernel, stride),
        BatchNorm("depthwise_bn", channels),
        Activation("depthwise_relu", "relu"),
    ]

"""Layer functions that are faster on a CPU than TensorFlow's own, with the same values.

ReLU's gradient kernel is faster than its own, and the gradient of a depthwise kernel is fast for up to three
columns only: oneDNN has no vectorised code for more (TensorFlow 2.21, AVX2; `python -m benchmarks.kernels`).
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

FAST_COLUMNS = 3


def relu(inputs: Any) -> Any:
    """max(inputs, 0) as the gradient kernel computes it: inputs where they are positive.

    Its gradient is the same kernel's. No `tf.custom_gradient`: that registers itself for good, graph and all.
    """
    return tf.raw_ops.ReluGrad(gradients=inputs, features=tf.stop_gradient(inputs))


def depthwise_filter_gradient(inputs: Any, gradient: Any, kernel: int, stride: int) -> Any:
    """Gradient of a `same` depthwise convolution by its kernel, (kernel, kernel, channels, 1).

    `inputs` are (batch, height, width, channels), `gradient` belongs to the outputs. A wide kernel is taken
    in groups of three columns, each the gradient of a narrow kernel on its part of the inputs; with a stride
    that gains nothing.
    """
    if kernel <= FAST_COLUMNS or stride > 1:
        return _filter_gradient(inputs, gradient, kernel, kernel, stride, "SAME")
    before, columns = (kernel - 1) // 2, tf.shape(inputs)[2]
    padding = [before, kernel - 1 - before]
    padded = tf.pad(inputs, [[0, 0], padding, padding, [0, 0]])
    groups = []
    for first in range(0, kernel, FAST_COLUMNS):
        count = min(FAST_COLUMNS, kernel - first)
        seen = padded[:, :, first : first + columns + count - 1]
        groups.append(_filter_gradient(seen, gradient, kernel, count, stride, "VALID"))
    return tf.concat(groups, axis=1)


def _filter_gradient(inputs: Any, gradient: Any, rows: int, columns: int, stride: int, padding: str) -> Any:
    return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=inputs,
        filter_sizes=tf.stack([rows, columns, tf.shape(inputs)[3], 1]),
        out_backprop=gradient,
        strides=[1, stride, stride, 1],
        padding=padding,
    )

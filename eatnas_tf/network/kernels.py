"""Layer functions that are faster on a CPU than TensorFlow's own, with the same values.

`tf.nn.relu` runs unvectorised, and the gradient of a depthwise kernel is fast for up to three columns only:
oneDNN has no vectorised code for more (TensorFlow 2.21, AVX2).
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
    in groups of three columns, each the gradient of a narrow kernel on its part of the inputs.
    """
    rows, columns = tf.shape(gradient)[1], tf.shape(gradient)[2]
    if kernel <= FAST_COLUMNS or stride > 1:
        return _filter_gradient(inputs, gradient, kernel, kernel, stride, "SAME")
    above = _padding(kernel, stride, tf.shape(inputs)[1], rows)
    beside = _padding(kernel, stride, tf.shape(inputs)[2], columns)
    padded = tf.pad(inputs, [[0, 0], above, beside, [0, 0]])
    groups = []
    for first in range(0, kernel, FAST_COLUMNS):
        count = min(FAST_COLUMNS, kernel - first)
        seen = padded[:, :, first : first + (columns - 1) * stride + count]
        groups.append(_filter_gradient(seen, gradient, kernel, count, stride, "VALID"))
    return tf.concat(groups, axis=1)


def _padding(kernel: int, stride: int, size: Any, outputs: Any) -> Any:
    """What `same` padding adds before and after."""
    total = tf.maximum((outputs - 1) * stride + kernel - size, 0)
    return tf.stack([total // 2, total - total // 2])


def _filter_gradient(inputs: Any, gradient: Any, rows: int, columns: int, stride: int, padding: str) -> Any:
    return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=inputs,
        filter_sizes=tf.stack([rows, columns, tf.shape(inputs)[3], 1]),
        out_backprop=gradient,
        strides=[1, stride, stride, 1],
        padding=padding,
    )

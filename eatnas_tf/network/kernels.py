"""Layer functions that are faster on a CPU than TensorFlow's own, with the same values.

ReLU's gradient kernel is faster than its own, and the gradient of a depthwise kernel is fast for up to three
columns only: oneDNN has no vectorised code for more (TensorFlow 2.21, AVX2; `python -m benchmarks.kernels`).
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

FAST_COLUMNS = 3
CHUNK = 400_000  # padded floats taken at once: 1.6 MB, best or near it on cores with an L2 cache of 1 MB


def relu(inputs: Any) -> Any:
    """max(inputs, 0) as the gradient kernel computes it: inputs where they are positive.

    Its gradient is the same kernel's. No `tf.custom_gradient`: that registers itself for good, graph and all.
    """
    return tf.raw_ops.ReluGrad(gradients=inputs, features=tf.stop_gradient(inputs))


def depthwise_filter_gradient(inputs: Any, gradient: Any, kernel: int, stride: int) -> Any:
    """Gradient of a `same` depthwise convolution by its kernel, (kernel, kernel, channels, 1).

    `inputs` are (batch, height, width, channels), `gradient` belongs to the outputs. A wide kernel is taken
    in groups of three columns, a few images at a time; with a stride that gains nothing.
    """
    if kernel <= FAST_COLUMNS or stride > 1:
        return _filter_gradient(inputs, gradient, kernel, kernel, stride, "SAME")
    count, rows, columns, channels = tf.unstack(tf.shape(inputs))
    size = tf.maximum(CHUNK // ((rows + kernel - 1) * (columns + kernel - 1) * channels), 1)

    def add(first: Any, total: Any) -> tuple[Any, Any]:
        part = slice(first, first + size)  # the last one may be smaller
        return first + size, total + grouped_filter_gradient(inputs[part], gradient[part], kernel)

    none = tf.zeros(tf.stack([kernel, kernel, channels, 1]))
    shapes = tf.TensorShape([]), tf.TensorShape([kernel, kernel, None, 1])
    return tf.while_loop(lambda first, _: first < count, add, (0, none), shapes, parallel_iterations=1)[1]


def grouped_filter_gradient(inputs: Any, gradient: Any, kernel: int) -> Any:
    """The same with stride 1, of all images at once: a narrow kernel's gradient by each group."""
    before, columns = (kernel - 1) // 2, tf.shape(inputs)[2]
    padding = [before, kernel - 1 - before]
    padded = tf.pad(inputs, [[0, 0], padding, padding, [0, 0]])
    groups = []
    for first in range(0, kernel, FAST_COLUMNS):
        count = min(FAST_COLUMNS, kernel - first)
        seen = padded[:, :, first : first + columns + count - 1]
        groups.append(_filter_gradient(seen, gradient, kernel, count, 1, "VALID"))
    return tf.concat(groups, axis=1)


def _filter_gradient(inputs: Any, gradient: Any, rows: int, columns: int, stride: int, padding: str) -> Any:
    return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=inputs,
        filter_sizes=tf.stack([rows, columns, tf.shape(inputs)[3], 1]),
        out_backprop=gradient,
        strides=[1, stride, stride, 1],
        padding=padding,
    )

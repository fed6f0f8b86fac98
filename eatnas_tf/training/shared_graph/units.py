"""Units of a program: one convolution with its batch normalisation, forwards and backwards.

Features are (batch, height, width, channels), kernels (height, width, in, out). `row` is a program's row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from eatnas_tf.network.batch_norm import EPSILON
from eatnas_tf.network.kernels import depthwise_filter_gradient
from eatnas_tf.training.shared_graph.program import Column, Kind

CONV = {Kind.CONV: 1, Kind.CONV_2: 2}
DEPTHWISE = {
    Kind.DEPTHWISE_3: (3, 1),
    Kind.DEPTHWISE_5: (5, 1),
    Kind.DEPTHWISE_7: (7, 1),
    Kind.DEPTHWISE_3_2: (3, 2),
    Kind.DEPTHWISE_5_2: (5, 2),
    Kind.DEPTHWISE_7_2: (7, 2),
}


class Variables(NamedTuple):
    """A unit's trained variables, cut out of the flat vector."""

    kernel: Any
    gamma: Any
    beta: Any


class Result(NamedTuple):
    """A normalised batch, its mean and (uncorrected) variance by channel, and what the gradient needs."""

    outputs: Any
    mean: Any
    variance: Any
    seen: Any
    statistics: Any
    reserved: Any


def variables(row: Any, weights: Any) -> Variables:
    shape = tf.stack([row[Column.KERNEL], row[Column.KERNEL], row[Column.INPUTS], row[Column.OUTPUTS]])
    start, channels = row[Column.WEIGHTS], row[Column.CHANNELS]
    end = start + tf.reduce_prod(shape)
    kernel = tf.reshape(weights[start:end], shape)
    return Variables(kernel, weights[end : end + channels], weights[end + channels : end + 2 * channels])


def run(row: Any, features: Any, own: Variables) -> Result:
    """The unit on a training batch."""
    return tf.cond(
        row[Column.FOLDED] > 0, lambda: _run_folded(row, features, own), lambda: _run(row, features, own)
    )


def gradients(
    row: Any, features: Any, own: Variables, result: Result, gradient: Any, first: Any
) -> tuple[Any, Any]:
    """Gradients by the features (nothing for the `first` unit) and by the unit's variables, flat."""
    return tf.cond(
        row[Column.FOLDED] > 0,
        lambda: _folded_gradients(row, features, own, result, gradient),
        lambda: _gradients(row, features, own, result, gradient, first),
    )


def inferred(row: Any, features: Any, own: Variables, mean: Any, variance: Any) -> Any:
    """The unit by its moving statistics, which go into the kernel as a scale and an offset."""
    scale = own.gamma * tf.math.rsqrt(variance + EPSILON)
    depthwise = row[Column.OUTPUTS] != row[Column.CHANNELS]  # its channels are the kernel's third axis
    kernel = own.kernel * tf.cond(depthwise, lambda: scale[:, None], lambda: scale[None])
    return tf.nn.bias_add(_convolved(row, features, kernel), own.beta - mean * scale)


def nothing() -> Any:
    return tf.zeros((0, 0, 0, 0))


def _run(row: Any, features: Any, own: Variables) -> Result:
    convolved = _convolved(row, features, own.kernel)
    found = tf.raw_ops.FusedBatchNormV3(
        x=convolved, scale=own.gamma, offset=own.beta, mean=[], variance=[], epsilon=EPSILON, is_training=True
    )
    count = tf.cast(tf.reduce_prod(tf.shape(convolved)[:-1]), tf.float32)
    return Result(
        found.y,
        found.batch_mean,
        found.batch_variance * (tf.maximum(count - 1, 1) / count),  # without the kernel's Bessel correction
        convolved,
        tf.stack([found.reserve_space_1, found.reserve_space_2]),
        found.reserve_space_3,
    )


def _gradients(
    row: Any, features: Any, own: Variables, result: Result, gradient: Any, first: Any
) -> tuple[Any, Any]:
    found = tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=gradient,
        x=result.seen,
        scale=own.gamma,
        reserve_space_1=result.statistics[0],
        reserve_space_2=result.statistics[1],
        reserve_space_3=result.reserved,
        epsilon=EPSILON,
        is_training=True,
    )
    by_kernel = _kernel_gradient(row, features, own.kernel, found.x_backprop)
    by_features = tf.cond(
        first, nothing, lambda: _features_gradient(row, features, own.kernel, found.x_backprop)
    )
    return by_features, tf.concat([by_kernel, found.scale_backprop, found.offset_backprop], 0)


def _run_folded(row: Any, features: Any, own: Variables) -> Result:
    """A 1x1 convolution whose batch statistics come from the covariance of its few inputs.

    The normalisation goes into the kernel, so that nothing passes over the many outputs but the product
    itself. With X the centred inputs: variance = diag(W' Cov W), outputs = X W scale + beta.
    """
    pixels = _pixels(_subsampled(row, features))
    count = tf.cast(tf.shape(pixels)[0], tf.float32)
    means = _sums(pixels) / count
    extended = tf.pad(pixels - means, [[0, 0], [0, 1]], constant_values=1.0)  # a column of ones for beta
    matrix = own.kernel[0, 0]
    covariance = tf.matmul(extended, extended, transpose_a=True)[:-1, :-1] / count
    spread = covariance @ matrix
    variance = tf.reduce_sum(matrix * spread, 0)
    scale = own.gamma * tf.math.rsqrt(variance + EPSILON)
    outputs = extended @ tf.concat([matrix * scale, own.beta[None]], 0)
    mean = tf.linalg.matvec(matrix, means, transpose_a=True)
    return Result(
        _image(outputs, _subsampled_shape(row, features)),
        mean,
        variance,
        extended[None, None],
        tf.stack([mean, variance]),
        spread,
    )


def _folded_gradients(
    row: Any, features: Any, own: Variables, result: Result, gradient: Any
) -> tuple[Any, Any]:
    extended, spread, variance = result.seen[0, 0], result.reserved, result.statistics[1]
    gradient = _pixels(gradient)
    count = tf.cast(tf.shape(extended)[0], tf.float32)
    matrix = own.kernel[0, 0]
    deviation = tf.math.rsqrt(variance + EPSILON)
    scale = own.gamma * deviation
    scaled = matrix * scale
    products = tf.matmul(extended, gradient, transpose_a=True)
    by_scaled, by_beta = products[:-1], products[-1]
    by_scale = tf.reduce_sum(matrix * by_scaled, 0)
    by_variance = -0.5 * by_scale * own.gamma * deviation**3
    by_matrix = by_scaled * scale + 2 * spread * by_variance
    through_covariance = tf.matmul(matrix * by_variance, matrix, transpose_b=True) * (2 / count)
    centring = -tf.linalg.matvec(scaled, by_beta)[None] / count
    by_pixels = tf.matmul(gradient, scaled, transpose_b=True)
    by_pixels += extended @ tf.concat([through_covariance, centring], 0)
    by_own = tf.concat([tf.reshape(by_matrix, [-1]), by_scale * deviation, by_beta], 0)
    return _scattered(row, features, _image(by_pixels, _subsampled_shape(row, features))), by_own


def _convolved(row: Any, features: Any, kernel: Any) -> Any:
    branches = {Kind.POINTWISE: lambda: _pointwise(_subsampled(row, features), kernel)}
    for kind, stride in CONV.items():
        branches[kind] = partial(tf.nn.conv2d, features, kernel, stride, "SAME")
    for kind, (_, stride) in DEPTHWISE.items():
        branches[kind] = partial(tf.nn.depthwise_conv2d, features, kernel, [1, stride, stride, 1], "SAME")
    return _switch(row, branches)


def _kernel_gradient(row: Any, features: Any, kernel: Any, gradient: Any) -> Any:
    """Gradient by the kernel, flat."""

    def pointwise() -> Any:
        return tf.matmul(_pixels(_subsampled(row, features)), _pixels(gradient), transpose_a=True)

    branches = {Kind.POINTWISE: pointwise}
    for kind, stride in CONV.items():
        branches[kind] = partial(
            tf.raw_ops.Conv2DBackpropFilter,
            input=features,
            filter_sizes=tf.shape(kernel),
            out_backprop=gradient,
            strides=[1, stride, stride, 1],
            padding="SAME",
        )
    for kind, (size, stride) in DEPTHWISE.items():
        branches[kind] = partial(depthwise_filter_gradient, features, gradient, size, stride)
    return _switch(row, {kind: partial(_flat, branch) for kind, branch in branches.items()})


def _features_gradient(row: Any, features: Any, kernel: Any, gradient: Any) -> Any:
    def pointwise() -> Any:
        return _scattered(row, features, _pointwise(gradient, kernel, transpose=True))

    branches = {Kind.POINTWISE: pointwise}
    given = {
        "input_sizes": tf.shape(features),
        "filter": kernel,
        "out_backprop": gradient,
        "padding": "SAME",
    }
    for kind, stride in CONV.items():
        branches[kind] = partial(tf.raw_ops.Conv2DBackpropInput, **given, strides=[1, stride, stride, 1])
    for kind, (_, stride) in DEPTHWISE.items():
        branches[kind] = partial(
            tf.raw_ops.DepthwiseConv2dNativeBackpropInput, **given, strides=[1, stride, stride, 1]
        )
    return _switch(row, branches)


def _flat(branch: Callable[[], Any]) -> Any:
    return tf.reshape(branch(), [-1])


def _switch(row: Any, branches: Mapping[Kind, Callable[[], Any]]) -> Any:
    return tf.switch_case(row[Column.KIND], [branches[kind] for kind in Kind])


def _pixels(features: Any) -> Any:
    """(pixels, channels)."""
    return tf.reshape(features, tf.stack([-1, tf.shape(features)[3]]))


def _image(pixels: Any, shape: Any) -> Any:
    """(batch, height, width, channels) of pixels, `shape` being the first three."""
    return tf.reshape(pixels, tf.concat([shape, [tf.shape(pixels)[1]]], 0))


def _sums(pixels: Any) -> Any:
    """Sums over all pixels, as a product with ones: faster than a reduction, and in blocks."""
    return tf.matmul(tf.ones((1, tf.shape(pixels)[0])), pixels)[0]


def _pointwise(features: Any, kernel: Any, transpose: bool = False) -> Any:
    """A 1x1 convolution, or its gradient by the features."""
    result = tf.matmul(_pixels(features), kernel[0, 0], transpose_b=transpose)
    return _image(result, tf.shape(features)[:3])


def _subsampled(row: Any, features: Any) -> Any:
    stride = row[Column.STRIDE]
    return tf.cond(stride > 1, lambda: features[:, ::stride, ::stride], lambda: features)


def _subsampled_shape(row: Any, features: Any) -> Any:
    stride = row[Column.STRIDE]
    shape = tf.shape(features)[:3]
    return (shape + [0, stride - 1, stride - 1]) // tf.stack([1, stride, stride])


def _scattered(row: Any, features: Any, gradient: Any) -> Any:
    """The gradient of `_subsampled`."""
    stride, shape = row[Column.STRIDE], tf.shape(features)
    return tf.cond(
        stride > 1,
        lambda: tf.raw_ops.StridedSliceGrad(
            shape=shape,
            begin=[0] * 4,
            end=shape,
            strides=tf.stack([1, stride, stride, 1]),
            dy=gradient,
            begin_mask=15,
            end_mask=15,
        ),
        lambda: gradient,
    )

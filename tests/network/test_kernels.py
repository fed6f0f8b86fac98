"""The fast kernels against TensorFlow's own."""

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.network import kernels
from eatnas_tf.network.kernels import depthwise_filter_gradient, relu


@pytest.mark.parametrize("kernel", [1, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(9, 9), (8, 11), (3, 2)])
def test_the_gradient_of_a_depthwise_kernel_is_tensorflows(kernel, stride, size):
    rng = np.random.default_rng(0)
    images = rng.standard_normal((4, *size, 8), np.float32)
    shape, strides = (kernel, kernel, 8, 1), [1, stride, stride, 1]
    outputs = tf.nn.depthwise_conv2d(images, np.zeros(shape, np.float32), strides, "SAME")
    gradient = rng.standard_normal(outputs.shape, np.float32)
    expected = tf.nn.depthwise_conv2d_backprop_filter(images, shape, gradient, strides, "SAME")
    found = depthwise_filter_gradient(tf.constant(images), tf.constant(gradient), kernel, stride)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 6])
def test_a_wide_kernels_gradient_is_the_same_however_many_images_are_taken_at_once(monkeypatch, at_once):
    rng = np.random.default_rng(0)
    images, gradient = (rng.standard_normal((5, 6, 7, 8), np.float32) for _ in range(2))
    monkeypatch.setattr(kernels, "CHUNK", at_once * 10 * 11 * 8)
    found = depthwise_filter_gradient(tf.constant(images), tf.constant(gradient), 5, 1)
    expected = tf.nn.depthwise_conv2d_backprop_filter(images, (5, 5, 8, 1), gradient, [1] * 4, "SAME")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_relu_and_its_gradient_are_tensorflows():
    values = tf.constant([-2.0, -0.0, 0.0, 1e-30, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = relu(values)
    np.testing.assert_array_equal(outputs, tf.nn.relu(values))
    np.testing.assert_array_equal(tape.gradient(outputs, values), [0, 0, 0, 1, 1])

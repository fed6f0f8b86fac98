"""Batch normalisation on the fused kernel against Keras's own layer."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.layers import Frame, expand
from eatnas_tf.network.batch_norm import EPSILON, MOMENTUM, FusedBatchNorm
from eatnas_tf.network.builder import assign, build, weights_of
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.space import Architecture

CHANNELS = 5
TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}


def pair():
    """The fused layer and Keras's, with the same gamma and beta."""
    rng = np.random.default_rng(0)
    gamma, beta = rng.uniform(0.5, 2, CHANNELS), rng.standard_normal(CHANNELS)
    layers = FusedBatchNorm(), keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)
    for layer in layers:
        layer.build((None, 4, 4, CHANNELS))
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
    return layers


def step(layer, images, cotangent):
    """Outputs in training, and the gradients of their product with `cotangent` by input, gamma and beta."""
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(outputs * cotangent)
    return outputs, *tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])


def moving(layer):
    return np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)


def assert_close(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, **TOLERANCE)


@pytest.mark.parametrize("shape", [(6, 4, 3), (2, 1, 1), (1, 7, 7)])
def test_training_inference_and_moving_statistics_are_those_of_keras(shape):
    fused, reference = pair()
    rng = np.random.default_rng(1)
    for _ in range(3):
        images = rng.normal(1.5, 2, (*shape, CHANNELS)).astype(np.float32)
        cotangent = rng.standard_normal((*shape, CHANNELS)).astype(np.float32)
        assert_close(step(fused, images, cotangent), step(reference, images, cotangent))
        assert_close(moving(fused), moving(reference))
    assert_close([fused(images, training=False)], [reference(images, training=False)])
    assert_close([fused(images)], [fused(images, training=False)])


def test_moving_statistics_follow_the_batch_by_a_tenth():
    fused, _ = pair()
    images = np.random.default_rng(1).normal(1.5, 2, (6, 4, 3, CHANNELS)).astype(np.float32)
    fused(images, training=True)
    assert_close(moving(fused), (0.1 * images.mean((0, 1, 2)), 0.9 + 0.1 * images.var((0, 1, 2))))


def test_a_batch_of_a_single_pixel_gives_beta_and_stays_finite():
    fused, _ = pair()
    images = np.full((1, 1, 1, CHANNELS), 3, np.float32)
    outputs, *gradients = step(fused, images, np.ones_like(images))
    np.testing.assert_allclose(outputs[0, 0, 0], fused.beta.value, **TOLERANCE)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert_close(moving(fused), (np.full(CHANNELS, 0.3), np.full(CHANNELS, 0.9)))


LOADER = """
    import os, sys
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras, numpy as np
    folder = sys.argv[1]
    model = keras.saving.load_model(f"{folder}/model.keras")
    np.save(f"{folder}/outputs.npy", model(np.load(f"{folder}/images.npy"), training=False))
    assert not [name for name in sys.modules if name.startswith("eatnas_tf")]
"""


def test_a_network_on_keras_batch_norm_computes_the_same_and_loads_without_this_package(tmp_path):
    frame = Frame(8, 2, 3, stem_filters=4, stem_stride=1, strides=(2, 1), head_filters=5)
    network = expand(Architecture.parse("mb3_k3_s1_w1.5_d1-sep_k3_s1_w1.0_d1"), frame)
    fused, plain = build(network), build(network, keras_layer)
    rng = np.random.default_rng(2)
    weights = {name: rng.uniform(0.5, 1.5, value.shape) for name, value in weights_of(fused).items()}
    assign(fused, weights)
    assign(plain, weights)
    assert weights_of(fused).keys() == weights_of(plain).keys()
    images = rng.standard_normal((4, 8, 8, 2)).astype(np.float32)
    expected = np.asarray(fused(images, training=False))
    np.testing.assert_allclose(plain(images, training=False), expected, rtol=1e-4)
    plain.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", images)
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOADER), str(tmp_path)],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
        timeout=120,
    )
    np.testing.assert_allclose(np.load(tmp_path / "outputs.npy"), expected, rtol=1e-4)

"""Built Keras models against the specs, against published sizes and against a forward pass in NumPy."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.layers import (
    Activation,
    Conv,
    Dense,
    Frame,
    Gate,
    GlobalAveragePool,
    KerasLayer,
    Spec,
    conv_ops,
    count,
    expand,
    zoo,
)
from eatnas_tf.network.builder import assign, build, weights_of
from eatnas_tf.network.initial import initial_weights
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.space import Architecture

FRAME = Frame(9, 2, 3, stem_filters=4, stem_stride=1, strides=(2, 1), head_filters=5)


def built(code, frame=FRAME, **options):
    return build(expand(Architecture.parse(code), frame, **options))


def size_of(model):
    """(parameters, mult-adds) of a built model, from its weights and the shapes of its layers' outputs."""
    params = sum(math.prod(variable.shape) for variable in model.trainable_weights)
    mult_adds = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            _, height, width, _ = layer.output.shape
            mult_adds += height * width * math.prod(layer.kernel.shape)  # each kernel value once a pixel
        elif isinstance(layer, keras.layers.Dense):
            mult_adds += math.prod(layer.kernel.shape)
    return params, mult_adds


blocks = st.builds(
    "{}_k{}_s{}_w{}_d{}".format,
    st.sampled_from(["sep", "mb1", "mb3", "mb4", "mb6"]),
    st.sampled_from([3, 5, 7]),
    st.integers(0, 1),
    st.sampled_from([0.5, 1.0, 1.3, 2.0]),
    st.integers(1, 2),
)


@st.composite
def codes_in_frames(draw):
    code = "-".join(draw(st.lists(blocks, min_size=1, max_size=3)))
    strides = tuple(draw(st.integers(1, 3)) for _ in code.split("-"))
    return code, Frame(
        draw(st.integers(1, 17)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 6)),
        draw(st.integers(1, 2)),
        strides,
        draw(st.integers(1, 7)),
        draw(st.sampled_from(["input", "mobilenet_v2"])),
        draw(st.sampled_from(["projection", "identity"])),
    )


@settings(max_examples=12, deadline=None)
@given(codes_in_frames())
def test_a_count_is_the_size_of_the_built_model(code_in_frame):
    code, frame = code_in_frame
    network = expand(Architecture.parse(code), frame)
    assert size_of(build(network)) == count(network)


@pytest.mark.parametrize(
    ("network", "published"),
    [
        (lambda: expand(zoo.MOBILENET_V2, zoo.MOBILENET_FRAME), (3_504_872, 300_774_272)),
        (zoo.mnasnet_b1, (4_383_312, 314_415_872)),
    ],
    ids=["MobileNetV2", "MnasNet-B1"],
)
def test_a_published_network_is_built_in_its_published_size(network, published):
    assert size_of(build(network())) == published


def test_layers_are_named_by_place():
    names = [layer.name for layer in built("mb3_k3_s1_w1.5_d2-sep_k5_s0_w1.0_d1", dropout=0.2).layers]
    assert sorted(names) == sorted(
        [
            "images",
            "stem_conv",
            "stem_bn",
            "stem_relu",
            *(
                f"block1_layer1_{part}"
                for part in (
                    "expand",
                    "expand_bn",
                    "expand_relu",
                    "depthwise",
                    "depthwise_bn",
                    "depthwise_relu",
                    "project",
                    "project_bn",
                    "shortcut_subsample",
                    "shortcut",
                    "shortcut_bn",
                    "add",
                )
            ),
            *(
                f"block1_layer2_{part}"
                for part in (
                    "expand",
                    "expand_bn",
                    "expand_relu",
                    "depthwise",
                    "depthwise_bn",
                    "depthwise_relu",
                    "project",
                    "project_bn",
                    "add",
                )
            ),
            *(
                f"block2_layer1_{part}"
                for part in (
                    "depthwise",
                    "depthwise_bn",
                    "depthwise_relu",
                    "pointwise",
                    "pointwise_bn",
                    "pointwise_relu",
                )
            ),
            "head_conv",
            "head_bn",
            "head_relu",
            "head_pool",
            "head_dropout",
            "head_dense",
        ]
    )


def test_a_models_weights_are_the_initial_weights_of_its_seed():
    network = expand(Architecture.parse("mb3_k3_s1_w1.5_d1-sep_k5_s1_w1.0_d1"), FRAME)
    expected = initial_weights(network, np.random.default_rng([7, 2]))
    found = weights_of(build(network, seed=[7, 2]))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


def convolved(images, kernel, stride, depthwise=False):
    """`same` convolution, NHWC, as a sum over the kernel's places; depthwise is (k, k, channels, 1)."""
    size, outputs = kernel.shape[0], -(-images.shape[1] // stride)
    pad = max((outputs - 1) * stride + size - images.shape[1], 0)
    before, after = pad // 2, pad - pad // 2
    padded = np.pad(images, ((0, 0), (before, after), (before, after), (0, 0)))
    total = 0
    for row, column in np.ndindex(size, size):
        seen = padded[:, row::stride, column::stride][:, :outputs, :outputs]
        total = total + (seen * kernel[row, column, :, 0] if depthwise else seen @ kernel[row, column])
    return total


class Twin:
    """A network's inference after SPEC's table, in float64, on the weights of a model."""

    def __init__(self, weights):
        self.weights = {name: value.astype(np.float64) for name, value in weights.items()}

    def conv(self, images, name, stride=1, relu=True, depthwise=False, suffix=""):
        """Convolution, batch normalisation and maybe ReLU."""
        gamma, beta, mean, variance = (
            self.weights[f"{name}_bn/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        outputs = convolved(images, self.weights[f"{name}{suffix}/kernel"], stride, depthwise)
        outputs = (outputs - mean) / np.sqrt(variance + 2e-5) * gamma + beta
        return np.maximum(outputs, 0) if relu else outputs

    def block(self, images, number, conv, skip, depth, stride, shortcut):
        for layer in range(1, depth + 1):
            name, inputs = f"block{number}_layer{layer}", images
            if f"{name}_expand/kernel" in self.weights:
                images = self.conv(images, f"{name}_expand")
            images = self.conv(images, f"{name}_depthwise", stride, depthwise=True)
            if conv == "sep":
                images = self.conv(images, f"{name}_pointwise")
            else:
                images = self.conv(images, f"{name}_project", relu=False)
            if skip and images.shape == inputs.shape and stride == 1:
                images = images + inputs
            elif skip and shortcut == "projection":
                images = images + self.conv(inputs, f"{name}_shortcut", stride, relu=False)
            stride = 1
        return images

    def head(self, images):
        features = self.conv(images, "head", suffix="_conv").mean((1, 2))
        return features @ self.weights["head_dense/kernel"] + self.weights["head_dense/bias"]


@pytest.mark.parametrize("shortcut", ["projection", "identity"])
@pytest.mark.parametrize(
    "code",
    [
        "mb3_k3_s1_w1.5_d2-sep_k5_s1_w1.0_d2",
        "sep_k3_s1_w2.0_d1-mb1_k3_s1_w1.0_d1",
        "mb6_k5_s0_w1.0_d2-sep_k3_s0_w1.0_d1",
    ],
)
def test_a_model_computes_the_network_that_its_code_stands_for(code, shortcut):
    frame = Frame(9, 2, 3, stem_filters=4, stem_stride=1, strides=(2, 1), head_filters=5, shortcut=shortcut)
    model = built(code, frame)
    rng = np.random.default_rng(3)
    assign(
        model,
        {
            name: rng.uniform(0.5 if "variance" in name else -1, 1, value.shape)
            for name, value in weights_of(model).items()
        },
    )
    images = rng.standard_normal((2, 9, 9, 2)).astype(np.float32)
    twin = Twin(weights_of(model))
    expected = twin.conv(images, "stem", suffix="_conv")
    for number, block in enumerate(Architecture.parse(code), 1):
        stride = frame.strides[number - 1]
        expected = twin.block(
            expected, number, block["conv"], block["skip"], block["depth"], stride, shortcut
        )
    np.testing.assert_allclose(model(images, training=False), twin.head(expected), rtol=1e-4, atol=1e-4)


def test_an_identity_shortcut_adds_the_layers_input_and_skip_0_adds_nothing():
    model = built("sep_k3_s1_w1.0_d2-sep_k3_s0_w1.0_d2")
    layer = model.get_layer
    assert layer("block1_layer2_add").input[1] is layer("block1_layer1_add").output
    assert layer("block1_layer1_add").input[1] is layer("block1_layer1_shortcut_bn").output
    plain = [each.name for each in model.layers if each.name.startswith("block2")]
    assert plain
    assert not [name for name in plain if "shortcut" in name or "add" in name]


def test_the_auxiliary_tower_is_a_second_output_from_the_block_before_the_last_stride():
    frame = Frame(8, 1, 3, stem_filters=2, stem_stride=1, strides=(1, 1, 2, 1, 2, 1, 1), head_filters=5)
    code = "-".join(["sep_k3_s0_w1.5_d1"] * 7)
    network = expand(Architecture.parse(code), frame, auxiliary=True)
    model = build(network)
    logits, auxiliary = model.outputs
    layer = model.get_layer
    assert layer("auxiliary_relu").input is layer("block4_layer1_pointwise_relu").output
    assert logits is layer("head_dense").output
    assert auxiliary is layer("auxiliary_dense").output
    assert logits.shape == auxiliary.shape == (None, 3)
    width = network.layers[3].outputs
    assert layer("auxiliary_conv").kernel.shape == (1, 1, width, 128)
    assert layer("auxiliary_wide").kernel.shape == (2, 2, 128, 768)
    assert layer("auxiliary_wide").output.shape == (None, 3, 3, 768)  # 4x4 pixels less one
    tower = width * 128 + 4 * 128 * 768 + 2 * 128 + 2 * 768 + 768 * 3 + 3
    assert size_of(model)[0] == count(network).params + tower
    assert count(network) == count(expand(Architecture.parse(code), frame))
    values = model(np.ones((2, 8, 8, 1), np.float32), training=False)
    assert [value.shape for value in values] == [(2, 3), (2, 3)]


@pytest.fixture
def grouped_op():
    """A convolution in two groups, which no spec knows, registered as the operation `grouped`."""

    def grouped(inputs, outputs, kernel, stride):
        def layer(name):
            return keras.layers.Conv2D(outputs, kernel, stride, "same", groups=2, use_bias=False, name=name)

        def resize(size):
            return tuple(-(-side // stride) for side in size)

        weights = kernel**2 * inputs // 2 * outputs
        return [KerasLayer("grouped", layer, weights, lambda size: weights * math.prod(resize(size)), resize)]

    registry.add("conv_ops", "grouped", grouped)
    yield
    registry._added["conv_ops"].pop("grouped")
    conv_ops.find.cache_clear()


@pytest.mark.usefixtures("grouped_op")
def test_a_layer_that_no_spec_knows_is_built_by_its_factory_and_counted_by_its_word():
    network = expand(Architecture.parse("grouped_k3_s1_w2.0_d2-sep_k3_s0_w1.0_d1"), FRAME)
    model = build(network)
    assert model.get_layer("block1_layer2_grouped").kernel.shape == (3, 3, 4, 8)
    assert size_of(model) == count(network)
    assert model(np.ones((1, 9, 9, 2), np.float32)).shape == (1, 3)


@pytest.mark.parametrize(("size", "stride", "width"), [(28, 2, 4), (32, 2, 4), (15, 2, 24), (10, 3, 24)])
def test_a_strided_projection_has_the_right_kernel_gradient(size, stride, width):
    # oneDNN's weight gradient of a strided 1x1 convolution is wrong on AVX2 CPUs, here at a width of 4.
    frame = Frame(size, 3, 2, stem_filters=width, stem_stride=1, strides=(stride,), head_filters=4)
    model = built("sep_k3_s1_w8.0_d1", frame)
    projection = model.get_layer("block1_layer1_shortcut")
    branch = keras.Model(model.inputs, [model.get_layer("stem_relu").output, projection.output])
    rng = np.random.default_rng(0)
    images = tf.constant(rng.standard_normal((16, size, size, 3), np.float32))

    @tf.function
    def gradient(cotangent):
        with tf.GradientTape() as tape:
            inputs, outputs = branch(images, training=False)
            loss = tf.reduce_sum(outputs * cotangent)
        return inputs, outputs, tape.gradient(loss, projection.kernel.value)

    side = -(-size // stride)
    cotangent = rng.standard_normal((16, side, side, 8 * width), np.float32)
    inputs, outputs, found = gradient(tf.constant(cotangent))
    seen = np.asarray(inputs)[:, ::stride, ::stride]
    np.testing.assert_allclose(outputs, seen @ np.asarray(projection.kernel)[0, 0], rtol=1e-4, atol=1e-4)
    expected = np.einsum("nhwi,nhwo->io", seen.astype(np.float64), cotangent)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-3, atol=1e-3)


def test_a_spec_without_a_keras_layer_is_refused_by_name():
    with pytest.raises(TypeError, match=r"stem_odd: no Keras layer for Spec; use KerasLayer\(factory"):
        keras_layer(Spec("odd"), "stem_odd")
    assert isinstance(keras_layer(Conv("even", 1, 1), "stem_even"), keras.layers.Conv2D)


def test_a_gate_gives_every_channel_its_factor_and_counts_what_is_in_it() -> None:
    inner = (
        GlobalAveragePool("pool"),
        Dense("reduce", 6, 2),
        Activation("relu", "relu"),
        Dense("expand", 2, 6),
        Activation("sigmoid", "sigmoid"),
    )
    plain = expand(Architecture.parse("sep_k3_s1_w1.5_d1"), Frame(9, 2, 3, 4, 1, (2,), 5))
    (layer,) = plain.layers
    network = replace(plain, layers=(replace(layer, specs=(*layer.specs, Gate("gate", inner))),))
    model = build(network, keras_layer)
    weights = {
        name: np.random.default_rng(0).normal(size=value.shape) for name, value in weights_of(model).items()
    }
    assign(model, {name: np.abs(value) for name, value in weights.items()})
    before, after = (
        np.asarray(keras.Model(model.input, model.get_layer(f"block1_layer1_{name}").output)(images()))
        for name in ("pointwise_relu", "gate_product")
    )
    weights = weights_of(model)
    values = before.mean((1, 2))
    for name, function in (
        ("reduce", lambda x: np.maximum(x, 0)),
        ("expand", lambda x: 1 / (1 + np.exp(-x))),
    ):
        place = f"block1_layer1_gate_{name}"
        values = function(values @ weights[f"{place}/kernel"] + weights[f"{place}/bias"])
    np.testing.assert_allclose(after, before * values[:, None, None], rtol=1e-5)
    assert size_of(model)[0] == count(network).params == count(plain).params + 2 * 6 * 2 + 2 + 6
    assert count(network).mult_adds == count(plain).mult_adds + 2 * 6 * 2


def images():
    return np.random.default_rng(1).normal(size=(3, 9, 9, 2)).astype(np.float32)

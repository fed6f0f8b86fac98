"""Graphs of specs, built: values against a twin in NumPy, gradients, a training step, and files."""

import math
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.layers import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSplit,
    Concatenate,
    Conv,
    Depthwise,
    Frame,
    Gate,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Network,
    Subsample,
    ZeroPad,
    count,
    expand,
)
from eatnas_tf.layers.specs import pair, walk
from eatnas_tf.network.assembly import output_of, shape_of
from eatnas_tf.network.builder import assign, build, weights_of
from eatnas_tf.network.fast_layers import SplitConv, fast_layer
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.space import Architecture
from eatnas_tf.training.engine import KerasEngine
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.shared_graph.program import UnsupportedError, compiled
from eatnas_tf.training.trainer import Trainer

from .cells import cells, convolution, shuffle_unit, shufflenet

FRAME = Frame(9, 2, 3, stem_filters=4, stem_stride=1, strides=(1,))
SMALL_SHUFFLENET = Frame(16, 1, 3, stem_filters=6, stem_stride=2, strides=(2, 2))


def padded(images, kernel, stride, dilation, padding, value=0.0):
    """The images with Keras's padding, and the number of windows."""
    pads, windows = [(0, 0)], []
    for side, size, step in zip(images.shape[1:3], pair(kernel), pair(stride), strict=True):
        reach = (size - 1) * dilation + 1
        count_ = -(-side // step) if padding == "same" else (side - reach) // step + 1
        total = max((count_ - 1) * step + reach - side, 0) if padding == "same" else 0
        pads.append((total // 2, total - total // 2))
        windows.append(count_)
    return np.pad(images, (*pads, (0, 0)), constant_values=value), windows


def seen(images, kernel, stride=1, dilation=1, padding="same", value=0.0):
    """What each place of a kernel sees: (places, batch, rows, columns, channels)."""
    images, (rows, columns) = padded(images, kernel, stride, dilation, padding, value)
    (down, right), parts = pair(stride), []
    for row, column in np.ndindex(*pair(kernel)):
        part = images[:, row * dilation :: down, column * dilation :: right]
        parts.append(part[:, :rows, :columns])
    return np.stack(parts)


def twin(spec, inputs, weights, name):
    """What a spec makes of its inputs, after its docstring."""
    (images, *_) = inputs
    match spec:
        case Conv():
            kernel = weights[f"{name}/kernel"]
            windows = seen(images, spec.kernel, spec.stride, spec.dilation, spec.padding)
            kernel = kernel.reshape(-1, *kernel.shape[2:])
            parts = zip(np.split(windows, spec.groups, -1), np.split(kernel, spec.groups, -1), strict=True)
            return np.concatenate([np.einsum("pnhwi,pio->nhwo", *part) for part in parts], -1)
        case Depthwise():
            kernel = weights[f"{name}/kernel"][..., 0].reshape(-1, spec.channels)
            windows = seen(images, spec.kernel, spec.stride, spec.dilation, spec.padding)
            return np.einsum("pnhwc,pc->nhwc", windows, kernel)
        case BatchNorm():
            gamma, beta, mean, variance = (weights[f"{name}/{v.name}"] for v in spec.variables())
            return (images - mean) / np.sqrt(variance + 2e-5) * gamma + beta
        case MaxPool():
            return seen(images, spec.kernel, spec.stride, 1, spec.padding, -np.inf).max(0)
        case AveragePool():
            counted = seen(np.ones_like(images), spec.kernel, spec.stride, 1, spec.padding)
            return seen(images, spec.kernel, spec.stride, 1, spec.padding).sum(0) / counted.sum(0)
        case Subsample():
            shifted = np.pad(images, ((0, 0), (0, spec.offset), (0, spec.offset), (0, 0)))
            return shifted[:, spec.offset :: spec.stride, spec.offset :: spec.stride]
        case ZeroPad():
            return np.pad(images, ((0, 0), *((spec.before, spec.behind),) * 2, (0, 0)))
        case ChannelSplit():
            return images[..., spec.start : spec.stop]
        case ChannelShuffle():
            order = np.arange(images.shape[-1]).reshape(spec.groups, -1).T.ravel()
            return images[..., order]
        case Activation(kind="relu"):
            return np.maximum(images, 0)
        case GlobalAveragePool():
            return images.mean((1, 2))
        case Add():
            return sum(inputs)
        case Concatenate():
            return np.concatenate(inputs, -1)
    return images @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def twin_graph(steps, inputs, weights, prefix=""):
    known = dict(zip(("input", "input2"), inputs, strict=False))
    for step in steps:
        sources = [known[name] for name in step.sources]
        known[step.spec.name] = twin(step.spec, sources, weights, prefix + step.spec.name)
    return known[steps[-1].spec.name]


def twin_network(network, images, weights):
    known = {"images": images}
    for place in network.places:
        prefix = "" if place.name in ("stem", "head") else f"{place.name}_"
        known[place.name] = twin_graph(place.steps, [known[name] for name in place.sources], weights, prefix)
    return known["head"]


def random_weights(model, seed=0):
    rng = np.random.default_rng(seed)
    weights = weights_of(model)
    return {
        name: rng.uniform(0.5 if "variance" in name else -1, 1, weights[name].shape)
        for name in sorted(weights)
    }


ALONE = {
    "conv": Conv("x", 6, 9, 3, 2),
    "grouped": Conv("x", 6, 9, 3, groups=3),
    "grouped and strided": Conv("x", 6, 8, 3, 2, groups=2),
    "grouped 1x1": Conv("x", 6, 12, groups=3),
    "grouped, strided 1x1": Conv("x", 6, 12, 1, 2, groups=3),
    "rows": Conv("x", 6, 5, (1, 7), (1, 2)),
    "columns": Conv("x", 6, 5, (7, 1), (2, 1)),
    "strided rows of 1x1": Conv("x", 6, 5, 1, (1, 2)),
    "dilated": Conv("x", 6, 5, 3, dilation=2),
    "dilated and grouped": Conv("x", 6, 8, 3, groups=2, dilation=2),
    "dilated and strided": Conv("x", 6, 5, 3, 2, dilation=4),
    "dilated, strided, valid": Conv("x", 6, 5, 3, 2, "valid", dilation=2),
    "depthwise valid": Depthwise("x", 6, 3, 2, "valid"),
    "depthwise dilated": Depthwise("x", 6, 5, dilation=2),
    "depthwise dilated and strided": Depthwise("x", 6, 5, 2, dilation=2),
    "depthwise dilated, strided, valid": Depthwise("x", 6, 3, 2, "valid", dilation=2),
    "max": MaxPool("x", 3, 2),
    "max valid": MaxPool("x", 2, 2, "valid"),
    "average": AveragePool("x", 3),
    "average strided": AveragePool("x", 3, 2),
    "average valid": AveragePool("x", 2, 2, "valid"),
    "subsample": Subsample("x", 2),
    "subsample shifted": Subsample("x", 2, 1),
    "subsample by 3": Subsample("x", 3, 2),
    "pad": ZeroPad("x", 1, 2),
    "split": ChannelSplit("x", 1, 4),
    "shuffle": ChannelShuffle("x", 3),
    "add": Add("x", after=("input", "input")),
    "concatenate": Concatenate("x", after=("input", "input")),
}


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("name", ALONE)
def test_a_spec_is_built_with_its_values_its_shape_and_its_gradients(name, size) -> None:
    # Tolerances: float32 against float64, sums of at most 600 products near 1.
    spec = ALONE[name]
    inputs = keras.Input((size, size + 1, 6))
    steps = walk([spec], shape_of(inputs))
    models = [keras.Model(inputs, output_of(steps, [inputs], kind)) for kind in (fast_layer, keras_layer)]
    weights = random_weights(models[0])
    rng = np.random.default_rng(1)
    images = rng.standard_normal((4, size, size + 1, 6)).astype(np.float32)
    expected = twin(spec, [images.astype(np.float64)] * max(len(spec.after), 1), weights, "x")
    assert steps[0].output == expected.shape[1:] + (False,)
    assert {name: value.shape for name, value in weights_of(models[0]).items()} == {
        f"x/{variable.name}": variable.shape for variable in spec.variables()
    }
    for model in models:
        assign(model, weights)
        np.testing.assert_allclose(model(images), expected, rtol=1e-4, atol=1e-4)
    if weights:
        cotangent = rng.standard_normal(expected.shape)
        found = kernel_gradient(models[0], images, cotangent)
        np.testing.assert_allclose(
            found, numeric(spec, images, weights, cotangent, found.shape), rtol=1e-3, atol=1e-3
        )


def kernel_gradient(model, images, cotangent):
    @tf.function
    def gradient(images, cotangent):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images, training=True) * cotangent)
        return tape.gradient(loss, model.trainable_variables[0].value)

    return gradient(tf.constant(images), tf.constant(cotangent.astype(np.float32))).numpy()


def numeric(spec, images, weights, cotangent, shape):
    """The kernel's gradient: the layer is linear in it, so one number of it at a time."""
    gradient = np.zeros(shape)
    for place in np.ndindex(*shape):
        one = np.zeros(shape)
        one[place] = 1
        gradient[place] = np.sum(twin(spec, [images.astype(np.float64)], {"x/kernel": one}, "x") * cotangent)
    return gradient


NETWORKS = {
    "shufflenet": lambda: shufflenet(SMALL_SHUFFLENET, 3, ((2, 24), (2, 48))),
    "cells": lambda: cells(FRAME),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]()


def images_of(network, number=3):
    frame = network.frame
    size = (number, frame.image_size, frame.image_size, frame.channels)
    return np.random.default_rng(5).standard_normal(size).astype(np.float32)


def test_a_network_with_branches_computes_what_its_specs_say_and_is_counted(network) -> None:
    fast, stock = build(network), build(network, keras_layer)
    weights = random_weights(fast)
    images = images_of(network)
    expected = twin_network(network, images.astype(np.float64), weights)
    for model in (fast, stock):
        assign(model, weights)
        assert weights_of(model).keys() == weights.keys()
        np.testing.assert_allclose(model(images, training=False), expected, rtol=1e-3, atol=1e-3)
        assert sum(math.prod(variable.shape) for variable in model.trainable_weights) == count(network).params
        trainable = sum(np.prod(weight.shape) for weight in model.trainable_weights)
        moving = sum(np.prod(weight.shape) for weight in model.non_trainable_weights)
        assert stock.count_params() == trainable + moving


def multiply_adds(model):
    """Of a model of stock layers: every kernel value is used once a pixel."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            total += math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape)
        elif isinstance(layer, keras.layers.Dense):
            total += math.prod(layer.kernel.shape)
    return total


def test_the_multiply_adds_are_those_of_the_built_layers(network) -> None:
    assert multiply_adds(build(network, keras_layer)) == count(network).mult_adds


def test_a_shuffle_unit_of_240_channels_in_3_groups_is_counted_as_by_hand() -> None:
    kernels = 240 * 60 // 3 + 9 * 60 + 60 * 240 // 3
    specs = tuple(shuffle_unit(240, 240, 1, 3, 3))
    layer = Layer(1, 1, "shuffle", 3, 1, 240, 240, specs, None)
    frame = Frame(28, 3, 10, stem_filters=240, stem_stride=1, strides=(1,))
    whole = Network(frame, tuple(convolution("stem", 3, 240)), (layer,), tuple(convolution("head", 240, 10)))
    rest = 3 * 240 + 2 * 240 + 240 * 10 + 2 * 10
    assert count(whole).params == kernels + 2 * (60 + 60 + 240) + rest
    assert count(whole).mult_adds == 28 * 28 * (kernels + 3 * 240 + 240 * 10)


def test_shufflenet_v1_2x_in_3_groups_has_its_known_size() -> None:
    # An independent count of the published network, whose classifier has no bias.
    network = shufflenet(Frame(stem_filters=48), 3, ((4, 480), (8, 960), (4, 1920)))
    assert count(network) == (5_449_776 + 1000, 524_045_184)


def test_a_training_step_moves_every_kernel(strategy, network) -> None:
    frame = network.frame
    rng = np.random.default_rng(0)
    size = (12, frame.image_size, frame.image_size, frame.channels)
    examples = Examples(rng.integers(0, 256, size, np.uint8), rng.integers(0, 3, 12, np.int32))
    trainer = Trainer(strategy, examples, TrainingConfig(epochs=1, batch_size=12, learning_rate=0.1))
    trainee = KerasEngine(trainer).load(network, [1])
    before = trainee.weights()
    assert trainee.train(0)
    after = trainee.weights()
    assert not [name for name in before if "kernel" in name and np.array_equal(before[name], after[name])]
    assert all(np.isfinite(value).all() for value in after.values())
    assert trainee.evaluate(examples).count == 12
    trainee.close()


LOADER = """
    import glob, os, sys
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras, numpy as np
    for file in glob.glob("*.keras"):
        model = keras.saving.load_model(file, safe_mode=True)
        np.save(f"{file}.outputs.npy", model(np.load(f"{file}.images.npy"), training=False))
    assert not [name for name in sys.modules if name.startswith("eatnas_tf")]
"""


def test_every_spec_is_saved_in_stock_layers_that_load_without_this_package(tmp_path) -> None:
    inputs = keras.Input((9, 9, 6))
    alone = [replace(spec, name=f"x{number}") for number, spec in enumerate(ALONE.values())]
    outputs = [output_of(walk([spec], shape_of(inputs)), [inputs], keras_layer) for spec in alone]
    flat = [keras.layers.Flatten()(output) for output in outputs]
    models = [keras.Model(inputs, keras.layers.Concatenate()(flat))]
    models += [build(make(), keras_layer) for make in NETWORKS.values()]
    expected = {}
    for number, model in enumerate(models):
        name = f"{number}.keras"
        images = np.random.default_rng(number).standard_normal((2, *model.input_shape[1:])).astype(np.float32)
        model.save(tmp_path / name)
        np.save(tmp_path / f"{name}.images.npy", images)
        expected[name] = np.asarray(model(images, training=False))
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOADER)],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
        timeout=120,
    )
    for name, outputs in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.outputs.npy"), outputs, rtol=1e-4, atol=1e-5)


def test_a_branch_that_begins_at_the_input_may_stand_in_a_gate() -> None:
    inner = (
        GlobalAveragePool("pool"),
        Activation("mean", "sigmoid"),
        GlobalAveragePool("again", after=("input",)),
        Add("sum", after=("mean", "again")),
    )
    inputs = keras.Input((5, 5, 6))
    specs = [Gate("gate", inner)]
    model = keras.Model(inputs, output_of(walk(specs, shape_of(inputs)), [inputs], fast_layer))
    images = np.random.default_rng(0).standard_normal((2, 5, 5, 6)).astype(np.float32)
    means = images.mean((1, 2))
    factors = 1 / (1 + np.exp(-means)) + means
    np.testing.assert_allclose(model(images), images * factors[:, None, None], rtol=1e-4, atol=1e-5)


def test_specs_may_have_the_names_that_helper_layers_would_take() -> None:
    specs = (
        ChannelShuffle("mix", 2),
        Activation("mix_groups", "relu"),
        Conv("add", 4, 4),
        BatchNorm("mix_turned", 4),
    )
    shortcut = (Conv("shortcut", 4, 4, 1, 1), BatchNorm("shortcut_subsample", 4))
    layer = Layer(1, 1, "odd", 3, 1, 4, 4, specs, shortcut)
    network = replace(cells(FRAME), layers=(layer,), head=shufflenet_head(4))
    assert build(network).output_shape == (None, 3)


def shufflenet_head(channels):
    *_, pool, dense = cells(FRAME).head
    return (pool, replace(dense, inputs=channels))


def test_a_layer_with_a_shortcut_may_have_branches() -> None:
    specs = (Conv("left", 4, 4), Conv("right", 4, 4, after=("input",)), Add("sum", after=("left", "right")))
    layer = Layer(1, 1, "wide", 3, 1, 4, 4, specs, ())
    model = build(replace(cells(FRAME), layers=(layer,), head=shufflenet_head(4)))
    added = model.get_layer("block1_layer1_add").input
    assert added[0] is model.get_layer("block1_layer1_sum").output
    assert added[1] is model.get_layer("stem_relu").output


@pytest.mark.parametrize(
    ("specs", "reason"),
    [
        ((Conv("c", 4, 4, groups=2), BatchNorm("b", 4)), "c: Conv"),
        ((Conv("c", 4, 4, (1, 7)), BatchNorm("b", 4)), "c: Conv"),
        ((Conv("c", 4, 4, 1, (1, 1)), BatchNorm("b", 4)), "c: Conv"),
        ((Conv("c", 4, 4, 3, dilation=2), BatchNorm("b", 4)), "c: Conv"),
        ((Depthwise("d", 4, 3, dilation=2), BatchNorm("b", 4)), "d: Depthwise"),
        ((Depthwise("d", 4, 3, padding="valid"), BatchNorm("b", 4)), "d: Depthwise"),
        ((ChannelShuffle("s", 2), Conv("c", 4, 4), BatchNorm("b", 4)), "s: ChannelShuffle"),
        (
            (Conv("c", 4, 4), BatchNorm("b", 4), Add("a", after=("b", "input"))),
            "the branches of block1_layer1",
        ),
    ],
)
def test_the_shared_graph_leaves_to_keras_what_it_has_no_unit_for(specs, reason) -> None:
    layer = Layer(1, 1, "odd", 3, 1, 4, 4, specs, None)
    with pytest.raises(UnsupportedError) as refused:
        compiled(replace(cells(FRAME), layers=(layer,), head=shufflenet_head(4)))
    assert str(refused.value) == reason


def test_the_shared_graph_leaves_layers_with_several_inputs_to_keras() -> None:
    with pytest.raises(UnsupportedError, match="the branches of block1_layer1"):
        compiled(cells(FRAME))


def test_the_shared_graph_takes_a_chain_that_names_what_stands_before() -> None:
    plain = expand(Architecture.parse("sep_k3_s1_w1.0_d1"), FRAME)
    (layer,) = plain.layers
    names = ["input", *(spec.name for spec in layer.specs)]
    named = tuple(replace(spec, after=(name,)) for spec, name in zip(layer.specs, names, strict=False))
    network = replace(plain, layers=(replace(layer, specs=named, after=("stem",)),))
    np.testing.assert_array_equal(compiled(network).table, compiled(plain).table)


def test_a_grouped_convolution_trains_as_one_convolution_a_group() -> None:
    assert isinstance(fast_layer(ALONE["grouped"], "x"), SplitConv)
    assert type(fast_layer(ALONE["conv"], "x")) is type(keras_layer(ALONE["grouped"], "x"))

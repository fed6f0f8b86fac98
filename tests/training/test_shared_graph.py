"""The shared graph trains as Keras models do; see parity.py for what is compared."""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from absl import logging

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame, expand
from eatnas_tf.layers import specs as kinds
from eatnas_tf.network.builder import build, weights_of
from eatnas_tf.network.initial import initial_weights
from eatnas_tf.space import Architecture
from eatnas_tf.training.engine import KerasEngine
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.shared_graph.engine import SharedGraph
from eatnas_tf.training.shared_graph.program import UnsupportedError, compiled
from eatnas_tf.training.trainer import Trainer

FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
NARROW = "sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1"
WIDE = "mb6_k7_s0_w2.0_d2-sep_k5_s1_w1.0_d3"


def parity(codes, folding, onednn):
    """What parity.py prints."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("parity.py")), str(codes), str(folding)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def network(code=NARROW, frame=FRAME, **more):
    return expand(Architecture.parse(code), frame, **more)


@pytest.fixture(scope="module")
def engine(strategy):
    rng = np.random.default_rng(0)
    examples = Examples(rng.integers(0, 256, (70, 8, 8, 1), np.uint8), rng.integers(0, 3, 70, np.int32))
    trainer = Trainer(strategy, examples, TrainingConfig(batch_size=16, learning_rate=0.05))
    return SharedGraph(trainer, 3, KerasEngine(trainer)), examples


@pytest.mark.slow
def test_30_random_codes_train_as_their_keras_models_do():
    found = parity(30, 0, onednn="0")
    codes = "".join(one["code"] for one in found)
    for value in ("sep", "mb3", "mb6", "k3", "k5", "k7", "s0", "s1", "w0.5", "w1.5", "w2.0", "d1", "d4"):
        assert value in codes
    assert len(found) == 30
    for one in found:
        assert one["gradient"] < 1e-5, one
        for name, bound in (("losses", 1e-3), ("moving", 1e-3), ("evaluation", 1e-3), ("top1", 1.5)):
            assert one.get(name, 0) < bound, one


def test_folded_batch_norm_and_the_fast_kernels_compute_the_same():
    """Up to float32: with these kernels the gradients of deep networks, Keras's too, are off by 2 %."""
    found = [one for one in parity(12, 1e9, onednn="1") if "shallow" in one]
    shallow = [one["shallow"] for one in found]
    assert statistics.median_low(shallow) < 2e-5
    assert max(shallow) < 2e-3
    assert max(one["losses"] for one in found) < 2e-3
    assert max(one["evaluation"] for one in found) < 2e-3


@pytest.mark.parametrize("shortcut", ["projection", "identity"])
def test_a_program_holds_every_variable_of_the_keras_model_once_and_under_its_name(shortcut):
    built = network(WIDE, replace(FRAME, shortcut=shortcut))
    program = compiled(built)
    weights = initial_weights(built, np.random.default_rng(0))
    names = [name for places in (program.trained, program.means, program.variances) for name, _ in places]
    assert sorted(names) == sorted(weights) == sorted(weights_of(build(built)))
    for name, value in program.named(program.flat(weights)).items():
        np.testing.assert_array_equal(value, weights[name])


def test_networks_come_and_go_without_another_trace(engine):
    graph, examples = engine
    first = graph.load(network(NARROW), [1])
    assert first.train(0)
    before, traced = first.weights(), graph._training
    second = graph.load(network(WIDE), [2])
    assert second.train(0)
    assert second.evaluate(examples).count == 70
    again = graph.load(network(NARROW), [1])
    assert again.train(0)
    assert graph._training is traced
    for name, value in again.weights().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_given_weights_take_the_place_of_the_fresh_ones_by_name(engine):
    graph, examples = engine
    trainee = graph.load(network(), [1])
    fresh = trainee.weights()
    trainee.assign({"head_dense/bias": np.full(3, [9, 0, 0], np.float32)})
    found = trainee.weights()
    np.testing.assert_array_equal(found["head_dense/bias"], [9, 0, 0])
    np.testing.assert_array_equal(found["stem_conv/kernel"], fresh["stem_conv/kernel"])
    assert trainee.evaluate(examples).top1 == pytest.approx((examples.labels == 0).mean())


def test_a_loss_that_is_no_number_ends_the_training_with_false(strategy, engine):
    config = TrainingConfig(epochs=3, batch_size=10, learning_rate=1e30)
    trainer = Trainer(strategy, engine[1], config)
    assert SharedGraph(trainer, 3, KerasEngine(trainer)).load(network(), [0]).train(0) is False


def with_layer(spec):
    """The narrow network with another last spec in its first layer."""
    built = network()
    layer = replace(built.layers[0], specs=(*built.layers[0].specs[:-1], spec))
    return replace(built, layers=(layer, *built.layers[1:]))


@pytest.mark.parametrize(
    ("built", "reason"),
    [
        (with_layer(kinds.Activation("swish", "silu")), "swish: Activation"),
        (network("sep_k9_s0_w1.0_d1-mb3_k3_s1_w1.5_d1"), "depthwise: Depthwise"),
        (network(dropout=0.5), "a head that ends in Dropout, Dense"),
    ],
    ids=["activation", "kernel", "dropout"],
)
def test_what_the_shared_graph_has_no_unit_for_goes_to_a_keras_model_with_one_log_line(
    engine, monkeypatch, built, reason
):
    with pytest.raises(UnsupportedError, match=reason):
        compiled(built)
    said = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    for _ in range(2):
        trainee = engine[0].load(built, [0])
        assert type(trainee).__name__ == "_KerasTrainee"
        trainee.close()
    assert said == [f"trained by a Keras model: the shared graph has no unit for {reason}"]


@pytest.mark.parametrize("name", ["shared_graph", "keras"])
def test_an_image_that_stands_for_none_teaches_nothing(strategy, monkeypatch, name):
    rng = np.random.default_rng(0)
    examples = Examples(rng.integers(0, 256, (8, 8, 8, 1), np.uint8), np.zeros(8, np.int32))
    recipe = TrainingConfig(batch_size=4, learning_rate=0.5, weight_decay=0.0)
    trainer = Trainer(strategy, examples, recipe)
    load = trainer.feed.load

    def weightless(*arguments):
        images, labels, weights = load(*arguments)
        return images, labels, 0 * weights

    monkeypatch.setattr(trainer.feed, "load", weightless)
    keras_engine = KerasEngine(trainer)
    engine = SharedGraph(trainer, 3, keras_engine) if name == "shared_graph" else keras_engine
    trainee = engine.load(network(), 0)
    before = trainee.weights()
    with pytest.raises(InputError, match="none of 8 images can be read"):
        trainee.train(0)
    for variable, values in trainee.weights().items():
        if "moving" not in variable:
            np.testing.assert_array_equal(values, before[variable], err_msg=variable)

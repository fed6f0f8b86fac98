"""Training and evaluation against formulas in NumPy, on tiny networks."""

import gc
import itertools
import time
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from eatnas_tf.configs import DataConfig, TrainingConfig
from eatnas_tf.layers import Frame, expand
from eatnas_tf.network.builder import build, weights_of
from eatnas_tf.space import Architecture
from eatnas_tf.training import examples as examples_module
from eatnas_tf.training.data import open_source, split
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.pace import FIRST_STEPS
from eatnas_tf.training.trainer import Trainer
from eatnas_tf.training.whitening import Whitening

FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
CODE = "sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1"
ONE_STEP = TrainingConfig(
    epochs=1, batch_size=24, learning_rate=0.1, momentum=0.0, weight_decay=0.0, augmentation="none"
)


def network(auxiliary=False, frame=FRAME):
    return expand(Architecture.parse(CODE), frame, auxiliary=auxiliary)


def built(strategy, auxiliary=False, frame=FRAME):
    with strategy.scope():
        return build(network(auxiliary, frame))


def noise(count=24, classes=3):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 8, 8, 1), np.uint8)
    return Examples(images, rng.integers(0, classes, count, np.int32))


def whitened(examples):
    return Whitening.of(examples)(examples.images)


def log_softmax(logits):
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def cross_entropy(logits, labels, smoothing=0.0):
    """Mean over the images, against targets that keep 1 - smoothing and share the rest among all classes."""
    classes = logits.shape[1]
    targets = np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes
    return -(targets * log_softmax(logits)).sum(1).mean()


def trained(strategy, config, examples, model, seed=0):
    """The epochs of a training that went well."""
    epochs = []
    assert Trainer(strategy, examples, config).train(model, seed, epochs.append)
    return epochs


def descended(model, examples, config, rates):
    """The model's trainable weights after SGD with momentum on the whole of `examples`, a step a rate."""
    images, variables = whitened(examples), model.trainable_variables
    velocities = [0.0] * len(variables)
    for rate in rates:
        with tf.GradientTape() as tape:
            chosen = tf.gather(tf.nn.log_softmax(model(images, training=True)), examples.labels, batch_dims=1)
            loss = -tf.reduce_mean(chosen)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        for place, (variable, gradient) in enumerate(zip(variables, gradients, strict=True)):
            weight = np.asarray(variable)
            penalty = config.weight_decay * weight if variable.path.endswith("kernel") else 0
            velocities[place] = config.momentum * velocities[place] - rate * (np.asarray(gradient) + penalty)
            variable.assign(weight + velocities[place])
    return {variable.path: np.asarray(variable) for variable in variables}


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({"weight_decay": 0.5}, [0.1]),
        ({"weight_decay": 0.1, "momentum": 0.9, "epochs": 2, "schedule": "polynomial"}, [0.1, 0.05]),
    ],
    ids=["weight decay", "momentum and a schedule"],
)
def test_steps_go_down_the_gradient_and_decay_kernels_only(strategy, changes, rates):
    examples, config = noise(), replace(ONE_STEP, **changes)
    expected = descended(build(network()), examples, config, rates)
    model = built(strategy)
    epochs = trained(strategy, config, examples, model)
    found = weights_of(model)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    assert len(epochs) == len(rates)


@pytest.mark.parametrize(("weight", "smoothing"), [(0.0, 0.0), (0.4, 0.0), (0.4, 0.1)])
def test_the_loss_weighs_the_auxiliary_tower_and_smooths_labels(strategy, weight, smoothing):
    examples = noise()
    config = replace(ONE_STEP, auxiliary_weight=weight, label_smoothing=smoothing)
    logits, tower = (np.asarray(output) for output in build(network(True))(whitened(examples), training=True))
    (epoch,) = trained(strategy, config, examples, built(strategy, True))
    expected = cross_entropy(logits, examples.labels, smoothing)
    expected += weight * cross_entropy(tower, examples.labels, smoothing)
    assert epoch.loss == pytest.approx(expected, rel=1e-4)
    assert epoch.accuracy == pytest.approx((logits.argmax(1) == examples.labels).mean())
    assert (epoch.number, epoch.learning_rate) == (1, pytest.approx(0.1))


def test_a_network_learns_the_embedded_dataset(strategy):
    source = open_source(DataConfig(), 14)
    train, held_out = split(source.train(), DataConfig(train_examples=1500), 0)
    frame = Frame(14, 1, 10, stem_filters=8, stem_stride=2, strides=(1, 2), head_filters=32)
    model, epochs = built(strategy, frame=frame), []
    config = TrainingConfig(epochs=10, batch_size=60, learning_rate=0.05)
    trainer = Trainer(strategy, train, config)
    assert trainer.train(model, 0, epochs.append)
    assert [epoch.number for epoch in epochs] == list(range(1, 11))
    assert epochs[-1].loss < 0.7 * epochs[0].loss
    assert epochs[-1].accuracy > 0.5
    found = trainer.evaluate(model, held_out)
    assert found.count == 300
    assert found.top1 > 0.4  # chance is 0.1
    assert found.top5 > 0.8


def test_progress_is_told_as_the_share_of_all_steps_and_ends_with_1(strategy, monkeypatch):
    now = itertools.count(0.0, 0.001)  # a clock by which every call is short, as no machine can promise
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    told = []
    trainer = Trainer(strategy, noise(70), replace(ONE_STEP, epochs=2, batch_size=2))
    assert trainer.train(built(strategy), 0, on_share=told.append)
    assert told[0] == pytest.approx(FIRST_STEPS / 70)
    assert told == sorted(set(told))
    assert 0.5 in told
    assert told[-1] == 1.0
    for epochs, steps in ((3, 1), (7, 3)):
        told.clear()
        trainer = Trainer(strategy, noise(), replace(ONE_STEP, epochs=epochs, batch_size=24 // steps))
        assert trainer.train(built(strategy), 0, on_share=told.append)
        assert told == pytest.approx([number / epochs for number in range(1, epochs + 1)])
        assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("kind", "rates"), [("polynomial", [0.1 - 0.09 * 2 / 6, 0.1 - 0.09 * 5 / 6]), ("constant", [0.1, 0.1])]
)
def test_an_epochs_learning_rate_is_that_of_its_last_step(strategy, kind, rates):
    config = replace(ONE_STEP, epochs=2, batch_size=8, schedule=kind, final_learning_rate=0.01)
    epochs = trained(strategy, config, noise(), built(strategy))  # 3 steps an epoch
    assert [epoch.learning_rate for epoch in epochs] == pytest.approx(rates, rel=1e-5)


def test_a_loss_that_is_no_number_ends_the_training_with_false(strategy):
    epochs = []
    trainer = Trainer(strategy, noise(70), replace(ONE_STEP, batch_size=10, learning_rate=1e30, epochs=3))
    assert trainer.train(built(strategy), 0, epochs.append) is False
    assert epochs == []


def test_a_training_repeats_bit_for_bit_under_its_seed_and_differs_under_another(strategy):
    config = TrainingConfig(epochs=2, batch_size=16)
    trainer = Trainer(strategy, noise(70), config)
    found = []
    for seed in (5, 5, 6):
        model = built(strategy)
        assert trainer.train(model, seed)
        found.append(weights_of(model))
    for name, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][name], err_msg=name)
    assert not np.array_equal(found[0]["head_dense/kernel"], found[2]["head_dense/kernel"])


def test_an_evaluation_is_that_of_the_models_predictions(strategy):
    examples = noise(301, classes=7)
    frame = replace(FRAME, num_classes=7)
    model = built(strategy, True, frame)
    trainer = Trainer(strategy, examples, ONE_STEP)
    found = trainer.evaluate(model, examples)
    logits = np.asarray(model(whitened(examples), training=False)[0])
    ranks = (logits > logits[np.arange(301), examples.labels, None]).sum(1)
    assert found.count == 301
    assert found.loss == pytest.approx(cross_entropy(logits, examples.labels), rel=1e-4)
    assert found.top1 == pytest.approx((ranks < 1).mean())
    assert found.top5 == pytest.approx((ranks < 5).mean())


@pytest.mark.parametrize("classes", [3, 8])
def test_of_equal_logits_the_first_classes_are_taken(strategy, classes):
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(classes, kernel_initializer="zeros")(flat))
    examples = noise(60, classes)
    found = Trainer(strategy, examples, ONE_STEP).evaluate(model, examples)
    assert found.top1 == pytest.approx((examples.labels == 0).mean())
    assert found.top5 == pytest.approx((examples.labels < 5).mean())
    assert found.loss == pytest.approx(np.log(classes), rel=1e-5)


@pytest.mark.parametrize("augmentation", ["crop_flip", "area_crop"])
def test_a_streamed_dataset_trains_and_is_evaluated_in_whole(strategy, shapes_dir, monkeypatch, augmentation):
    monkeypatch.setattr(examples_module, "memory_limit", lambda: 0)
    examples = open_source(DataConfig("shapes_of_all_sizes", shapes_dir), 8).train()
    assert isinstance(examples, Streamed)
    model, epochs = built(strategy, frame=replace(FRAME, channels=3, num_classes=2)), []
    config = TrainingConfig(epochs=2, batch_size=50, augmentation=augmentation)
    trainer = Trainer(strategy, examples, config)
    assert trainer.train(model, 0, epochs.append)
    assert len(epochs) == 2
    assert all(np.isfinite(epoch.loss) for epoch in epochs)
    found = trainer.evaluate(model, examples)
    images, labels = zip(*examples.dataset().as_numpy_iterator(), strict=True)
    resized = np.stack([examples_module.resize(image[None], 8)[0] for image in images])
    logits = np.asarray(model(Whitening.of(examples)(resized), training=False))
    assert found.count == 230
    assert found.loss == pytest.approx(cross_entropy(logits, np.array(labels)), rel=1e-3)
    assert found.top1 == pytest.approx((logits.argmax(1) == labels).mean(), abs=1 / 230)


def test_a_training_leaves_no_graph_behind(strategy):
    before = graphs()
    for seed in range(2):
        model = built(strategy)
        trained(strategy, ONE_STEP, noise(), model, seed)
        del model
        keras.backend.clear_session()
        gc.collect()
        assert graphs() <= before


def graphs():
    """Ids of the graphs in memory that loop over steps."""
    return {id(one) for one in gc.get_objects() if isinstance(one, FuncGraph) and one.name == "steps"}

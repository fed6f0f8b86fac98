"""Strategies; what mirrors over two devices runs in a process of its own, as a process has one strategy."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.errors import InputError
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.strategy import configure
from eatnas_tf.training.tfds_source import TfdsStreamed


def run(script):
    """What a process that runs `script` says on stderr; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_process_keeps_its_first_strategy_and_refuses_another(strategy):
    assert configure("one_device") is strategy
    assert strategy.num_replicas_in_sync == 1
    for other in (("mirrored", 0), ("mirrored", 2), ("one_device", 2)):
        with pytest.raises(InputError, match=r"this process already runs .*; start another one"):
            configure(*other)


def test_mirroring_over_nothing_is_refused_and_leaves_the_process_free_for_another_strategy():
    run("""
        import tensorflow as tf
        from eatnas_tf.errors import InputError
        from eatnas_tf.training.strategy import configure

        if not tf.config.list_physical_devices("GPU"):
            for _ in range(2):
                try:
                    configure("mirrored", 0)
                except InputError as error:
                    assert "--logical_cpus=2" in str(error), error
                else:
                    raise AssertionError("mirrored over nothing")
            strategy = configure("one_device")
            assert strategy.num_replicas_in_sync == 1
            assert configure("one_device") is strategy
            try:
                configure("mirrored", 0)
            except InputError as error:
                assert "already runs ('one_device', 0)" in str(error), error
            else:
                raise AssertionError("two strategies in a process")
    """)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_replicas_share_a_batch_and_those_without_an_image_weigh_the_last_one_with_0(count, replicas):
    labels = np.arange(10, 10 + count, dtype=np.int32)
    images = np.broadcast_to(labels[:, None, None, None], (count, 2, 2, 1)).astype(np.uint8)
    memory = feed_of(Examples(images, labels), count)
    stream = feed_of(TfdsStreamed(None, "train", ((0, count),), 1, 2), count)
    batches = (memory, memory.batch(memory.begin(None), 0)), (stream, (tf.constant(images), labels))
    for feed, batch in batches:
        counted = []
        for replica in range(replicas):
            mine, classes, weights = (np.asarray(part) for part in feed.load(batch, replica, replicas))
            np.testing.assert_array_equal(mine[:, 0, 0, 0], classes)
            if replica < count:
                assert (weights == 1).all()
                counted += classes.tolist()
            else:
                assert (classes.tolist(), weights.tolist()) == ([labels[-1]], [0])
        assert sorted(counted) == labels.tolist()


def test_gradients_that_are_summed_over_the_replicas_already_are_not_summed_again():
    run("""
        import keras
        import tensorflow as tf
        from eatnas_tf.training.strategy import configure
        from eatnas_tf.training.optimizer import Sgd

        strategy = configure("mirrored", 2)
        with strategy.scope():
            variable, optimizer = keras.Variable(1.0), Sgd(0.5)
            optimizer.build([variable])
        tf.function(lambda: strategy.run(lambda: optimizer.apply([tf.constant(1.0)], [variable])))()
        assert [float(one) for one in strategy.experimental_local_results(variable.value)] == [0.5, 0.5]
    """)


CANDIDATES = """
    import numpy as np
    from eatnas_tf.configs import TrainingConfig
    from eatnas_tf.layers import Frame, expand
    from eatnas_tf.network.builder import assign, weights_of
    from eatnas_tf.network.inheritance import inherit
    from eatnas_tf.space import Architecture
    from eatnas_tf.training.data import Examples
    from eatnas_tf.training.strategy import configure
    from eatnas_tf.training.trainer import Trainer

    COUNT, BATCH = 22, 7  # batches of 7, 7, 7 and 1: two replicas divide none; one lacks the last
    EVALUATED = 251  # batches of 250 and 1
    FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
    CODES = ["sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1", "sep_k3_s1_w2.0_d1-mb3_k3_s1_w1.5_d1",
             "sep_k3_s1_w2.0_d2-mb3_k3_s1_w1.0_d1", "sep_k3_s0_w1.0_d1-mb3_k3_s1_w1.0_d2",
             "sep_k5_s0_w1.0_d1-mb3_k3_s1_w1.5_d2"]

    strategy = configure("mirrored", 2)
    assert strategy.num_replicas_in_sync == 2
    rng = np.random.default_rng(0)

    def noise(count):
        return Examples(rng.integers(0, 256, (count, 8, 8, 1), np.uint8), rng.integers(0, 3, count, np.int32))

    examples, others = noise(COUNT), noise(EVALUATED)
    recipe = TrainingConfig(epochs=2, batch_size=BATCH, learning_rate=0.05, precision="{precision}")
    trainer = Trainer(strategy, examples, recipe)


    def assert_same_everywhere(model, expected):
        for variable in model.weights:
            replicas = strategy.experimental_local_results(variable.value)
            assert len(replicas) == 2, variable.path
            for replica in replicas:
                np.testing.assert_array_equal(replica, expected[variable.path], err_msg=variable.path)


    def cross_entropy(model, examples):
        logits = np.asarray(model(trainer.whitening(examples.images), training=False), np.float64)
        shifted = logits - logits.max(1, keepdims=True)
        chosen = shifted[np.arange(len(examples)), examples.labels] - np.log(np.exp(shifted).sum(1))
        return -chosen.mean(), (logits.argmax(1) == examples.labels).mean()


    parent = None
    for number, code in enumerate(CODES * {times}):
        network = expand(Architecture.parse(code), FRAME)
        model = trainer.model(network, number)
        weights = weights_of(model)
        if parent is not None:
            weights, origins = inherit(network, parent[0], weights, parent[1])
            assert "copied" in [origin.value for origin in origins.values()]
            assign(model, weights)
        assert_same_everywhere(model, weights)
        epochs = []
        assert trainer.train(model, number, epochs.append)
        assert all(np.isfinite(epoch.loss) and 0 <= epoch.accuracy <= 1 for epoch in epochs), epochs
        hits = [epoch.accuracy * COUNT for epoch in epochs]  # of 22 images, each counted once
        np.testing.assert_allclose(hits, np.round(hits), atol=1e-3)
        trained = weights_of(model)
        assert_same_everywhere(model, trained)
        assert not np.array_equal(trained["head_dense/kernel"], weights["head_dense/kernel"])
        assert not np.array_equal(trained["stem_bn/moving_mean"], weights["stem_bn/moving_mean"])
        for part, count in ((examples, COUNT), (others, EVALUATED))[-{parts}:]:
            found = trainer.evaluate(model, part)
            assert found.count == count
            expected = cross_entropy(model, part)
            np.testing.assert_allclose((found.loss, found.top1), expected, rtol={rtol})
        parent = network, trained
"""


def test_mirrored_candidates_in_a_row_inherit_train_and_agree_on_every_replica():
    run(CANDIDATES.format(times=1, precision="float32", parts=2, rtol=1e-4))


@pytest.mark.slow
def test_twenty_five_of_them_as_well():
    run(CANDIDATES.format(times=5, precision="float32", parts=1, rtol=1e-4))


@pytest.mark.slow
def test_in_half_precision_as_well():
    run(CANDIDATES.format(times=1, precision="mixed_float16", parts=1, rtol=0.05))


STEP = """
    from dataclasses import replace

    import numpy as np
    import tensorflow as tf
    from eatnas_tf.configs import TrainingConfig
    from eatnas_tf.layers import BatchNorm, Frame, expand
    from eatnas_tf.network.builder import build, weights_of
    from eatnas_tf.space import Architecture
    from eatnas_tf.training.data import Examples
    from eatnas_tf.training.strategy import configure
    from eatnas_tf.training.trainer import Trainer

    REPLICAS, COUNT, RATE = {replicas}, 15, 0.5  # which no replicas divide
    NORMALISED = {normalised}


    def without_norm(specs):
        return specs and tuple(spec for spec in specs if not isinstance(spec, BatchNorm))


    strategy = configure("mirrored", REPLICAS)
    rng = np.random.default_rng(0)
    examples = Examples(
        rng.integers(0, 256, (COUNT, 8, 8, 1), np.uint8), rng.integers(0, 3, COUNT, np.int32)
    )
    frame = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
    network = expand(Architecture.parse("sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1"), frame)
    if not NORMALISED:
        network = replace(
            network,
            stem=without_norm(network.stem),
            head=without_norm(network.head),
            layers=tuple(
                replace(layer, specs=without_norm(layer.specs), shortcut=without_norm(layer.shortcut))
                for layer in network.layers
            ),
        )
    recipe = dict(batch_size=COUNT, learning_rate=RATE, momentum=0.0, weight_decay=0.0, augmentation="none")

    def step(**more):
        trainer = Trainer(strategy, examples, TrainingConfig(**recipe, **more))
        model = trainer.model(network)
        epochs = []
        assert trainer.train(model, 0, epochs.append)
        return trainer, weights_of(model), epochs[0].loss

    alone = build(network)  # on one device, by the whole batch
    trainer, found, loss = step(sync_batch_norm=NORMALISED)
    with tf.GradientTape() as tape:
        logits = alone(trainer.whitening(examples.images), training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(examples.labels, logits)
        expected_loss = tf.reduce_mean(losses)
    variables = alone.trainable_variables
    before = {{variable.path: np.asarray(variable) for variable in variables}}
    expected = tape.gradient(expected_loss, [variable.value for variable in variables])
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    norm = np.sqrt(sum(np.sum(np.square(one)) for one in expected))
    off = np.sqrt(sum(
        np.sum(np.square((before[variable.path] - found[variable.path]) / RATE - gradient))
        for variable, gradient in zip(variables, expected)
    ))
    assert off / norm < 1e-5, off / norm
    assert bool(alone.non_trainable_variables) is NORMALISED
    for variable in alone.non_trainable_variables:
        np.testing.assert_allclose(found[variable.path], variable, rtol=1e-4, atol=1e-5)
    if NORMALISED:
        _, own, _ = step()
        assert not np.allclose(own["stem_bn/moving_variance"], found["stem_bn/moving_variance"], rtol=1e-4)
"""


@pytest.mark.slow
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("replicas", [2, 4])
def test_a_mirrored_step_is_that_of_one_device_without_batch_norm_and_with_a_synchronised_one(
    replicas, normalised
):
    run(STEP.format(replicas=replicas, normalised=normalised))

"""Mixed precision: layers compute in halves, weights and penalties do not."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.layers import Frame, expand
from eatnas_tf.network.builder import weights_of
from eatnas_tf.space import Architecture
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.optimizer import sgd
from eatnas_tf.training.trainer import Trainer

FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
NETWORK = expand(Architecture.parse("sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1"), FRAME)
RECIPE = TrainingConfig(batch_size=20, learning_rate=0.1, momentum=0.0, weight_decay=0.0, augmentation="none")
HALVES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    return Examples(rng.integers(0, 256, (20, 8, 8, 1), np.uint8), rng.integers(0, 3, 20, np.int32))


@pytest.fixture(scope="module")
def moves(strategy, examples):
    """How far one step moves every variable, by recipe; and the variables before it."""

    def moved(recipe):
        trainer = Trainer(strategy, examples, recipe)
        model = trainer.model(NETWORK)
        before = weights_of(model)
        assert trainer.train(model, 0)
        after = weights_of(model)
        return {name: after[name] - before[name] for name in before}, before

    return moved


@pytest.mark.parametrize("precision", HALVES)
def test_layers_compute_in_halves_with_variables_in_float32(strategy, examples, precision) -> None:
    before = keras.config.dtype_policy().name
    model = Trainer(strategy, examples, replace(RECIPE, precision=precision)).model(NETWORK)
    assert keras.config.dtype_policy().name == before
    assert {variable.dtype for variable in model.variables} == {"float32"}
    computing = {layer.compute_dtype for layer in model.layers if layer.weights}
    assert computing == {HALVES[precision]}


@pytest.mark.parametrize("precision", HALVES)
def test_a_step_is_that_in_float32_but_for_rounding(moves, precision) -> None:
    exact, _ = moves(RECIPE)
    halved, _ = moves(replace(RECIPE, precision=precision))
    off = sum(np.sum(np.square(exact[name] - halved[name])) for name in exact)
    whole = sum(np.sum(np.square(change)) for change in exact.values())
    assert 1e-6 < np.sqrt(off / whole) < {"mixed_float16": 0.01, "mixed_bfloat16": 0.08}[precision]


@pytest.mark.parametrize("precision", ["float32", *HALVES])
def test_the_weight_penalty_is_exact_whatever_the_loss_is_scaled_by(moves, precision) -> None:
    free, before = moves(replace(RECIPE, precision=precision))
    decayed, _ = moves(replace(RECIPE, precision=precision, weight_decay=0.3))
    for name, change in decayed.items():
        expected = -0.1 * 0.3 * before[name] if name.endswith("/kernel") else 0
        np.testing.assert_allclose(change - free[name], expected, atol=2e-6, err_msg=name)


def test_a_step_whose_gradients_overflow_is_left_out_and_the_scale_falls(strategy) -> None:
    with strategy.scope():
        variable, optimizer = keras.Variable(1.0), sgd(0.5, 0.9, "mixed_float16")
        optimizer.build([variable])
    scale = float(optimizer.scale_loss(1.0))
    optimizer.apply([keras.ops.convert_to_tensor(np.inf)], [variable])
    assert (float(variable), float(optimizer.scale_loss(1.0))) == (1.0, scale / 2)
    optimizer.apply([keras.ops.convert_to_tensor(scale / 2)], [variable])
    assert float(variable) == 0.5

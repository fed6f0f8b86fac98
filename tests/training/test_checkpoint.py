"""Checkpoints: a training that was cut off ends as if it had not been."""

from dataclasses import replace

import numpy as np
import pytest

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame, expand
from eatnas_tf.space import Architecture
from eatnas_tf.training.checkpoint import Checkpoint
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.trainer import Trainer

FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=6)
RECIPE = TrainingConfig(
    epochs=4,
    batch_size=16,
    learning_rate=0.1,
    schedule="cosine",
    augmentation="crop_flip",
    cutout=4,
    dropout=0.5,
    auxiliary_weight=0.4,
)


class CutOff(Exception):  # noqa: N818
    """The end of a process, as far as a test can have it."""


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    return Examples(rng.integers(0, 256, (40, 8, 8, 1), np.uint8), rng.integers(0, 3, 40, np.int32))


def _trained(
    strategy, examples, path, cut_off_in=None, code="sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.5_d1", recipe=RECIPE
):
    """Variables after a training with a checkpoint at `path`, and what each epoch came to."""
    trainer = Trainer(strategy, examples, recipe)
    model = trainer.model(expand(Architecture.parse(code), FRAME, RECIPE.dropout, auxiliary=True), 1)
    checkpoint = Checkpoint(path)

    def on_epoch(epoch) -> None:
        assert len(checkpoint.history) == epoch.number
        if epoch.number == cut_off_in:
            raise CutOff

    trainer.train(model, 5, on_epoch, checkpoint=checkpoint)
    return [np.asarray(variable) for variable in model.variables], checkpoint.history


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_a_training_goes_on_bit_for_bit_wherever_it_was_cut_off(
    strategy, examples, tmp_path, precision
) -> None:
    recipe = replace(RECIPE, precision=precision)
    whole, history = _trained(strategy, examples, tmp_path / "whole.npz", recipe=recipe)
    for epoch in (1, 3):
        with pytest.raises(CutOff):
            _trained(strategy, examples, tmp_path / "cut.npz", epoch, recipe=recipe)
    resumed, told = _trained(strategy, examples, tmp_path / "cut.npz", recipe=recipe)
    assert told == history
    assert [one["train/learning_rate"] for one in history] == sorted(
        (one["train/learning_rate"] for one in history), reverse=True
    )
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_was_finished_is_as_it_was(strategy, examples, tmp_path) -> None:
    whole, history = _trained(strategy, examples, tmp_path / "whole.npz")
    again, told = _trained(strategy, examples, tmp_path / "whole.npz", cut_off_in=4)
    assert told == history
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_checkpoint_of_another_network_is_refused(strategy, examples, tmp_path) -> None:
    path = tmp_path / "one.npz"
    _trained(strategy, examples, path)
    for code in ("sep_k3_s1_w1.0_d2-mb3_k3_s1_w1.5_d1", "sep_k5_s1_w1.0_d1-mb3_k3_s1_w1.5_d1"):
        with pytest.raises(InputError) as refused:
            _trained(strategy, examples, path, code=code)
        assert str(refused.value) == (
            f"{path}: a checkpoint of another network; remove it to train this one from the start"
        )


def test_a_damaged_checkpoint_is_refused(tmp_path) -> None:
    path = tmp_path / "one.npz"
    path.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"one\.npz: not a readable \.npz"):
        Checkpoint(path)

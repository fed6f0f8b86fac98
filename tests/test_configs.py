"""Configs: what they refuse, so that a program is told as a command line is."""

import dataclasses
import json
import math

import numpy as np
import pytest
from absl import flags as absl_flags

from eatnas_tf.configs import (
    DataConfig,
    EvolutionConfig,
    FrameConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
    TransferConfig,
    settings,
)
from eatnas_tf.errors import InputError
from eatnas_tf.flags import retrain, search, transfer

CONFIGS = (
    FrameConfig,
    SpaceConfig,
    DataConfig,
    TrainingConfig,
    EvolutionConfig,
    RetrainConfig,
    TransferConfig,
)
MODULES = {module.__name__ for module in (*search.MODULES, *transfer.MODULES, *retrain.MODULES, retrain)}
FLAGS = {
    flag.name: flag for module in MODULES for flag in absl_flags.FLAGS.flags_by_module_dict().get(module, [])
}


def _fields():
    """(config, field's name, its flag) of all that has one."""
    return [
        pytest.param(config, field.name, FLAGS[field.name], id=f"{config.__name__}.{field.name}")
        for config in CONFIGS
        for field in dataclasses.fields(config)
        if field.name in FLAGS
    ]


@pytest.mark.parametrize(("config", "name", "flag"), _fields())
def test_a_config_refuses_what_its_flag_refuses(config, name, flag) -> None:
    bounds = [getattr(flag.parser, bound, None) for bound in ("lower_bound", "upper_bound")]
    wrong = [
        type(bound)(bound + side * max(1, abs(bound) // 100))
        for bound, side in zip(bounds, (-1, 1), strict=True)
        if bound is not None
    ]
    for value in [*wrong, *(["surely not"] if hasattr(flag.parser, "enum_values") else [])]:
        with pytest.raises(InputError, match=f"--{name}: "):
            config(**{name: value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EvolutionConfig(population="8"), "--population: '8' is not a whole number of at least 2"),
        (lambda: EvolutionConfig(population=True), "--population: True is not a whole number of at least 2"),
        (lambda: EvolutionConfig(population=8.0), "--population: 8.0 is not a whole number of at least 2"),
        (lambda: EvolutionConfig(population=None), "--population: None is not a whole number of at least 2"),
        (lambda: EvolutionConfig(population=4), "--sample: 16 cannot be drawn from --population=4"),
        (lambda: EvolutionConfig(omega=math.nan), "--omega: nan is not a finite number"),
        (lambda: EvolutionConfig(target=math.inf), "--target: inf is not a finite number"),
        (lambda: TrainingConfig(learning_rate=0), "--learning_rate: 0 is not above 0"),
        (lambda: TrainingConfig(momentum=1), "--momentum: 1 is not from 0 to 0.999999"),
        (lambda: TrainingConfig(weight_decay=-1), "--weight_decay: -1 is not at least 0"),
        (
            lambda: TrainingConfig(schedule="step"),
            "--schedule: 'step' is not one of constant, cosine, cosine_restarts, polynomial",
        ),
        (
            lambda: DataConfig(validation=1.5),
            "--validation: 1.5 is neither a fraction above 0 and below 1 nor a whole number",
        ),
        (
            lambda: RuntimeConfig("run", logical_cpus=2),
            "--logical_cpus splits the CPU for --distribution=mirrored; add that flag",
        ),
        (lambda: SearchConfig(engine="jax"), "--engine: 'jax' is not one of shared_graph, keras"),
    ],
)
def test_what_a_config_refuses_is_one_line_that_names_the_setting(make, message) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert str(refused.value) == message


def test_a_transfer_is_refused_what_a_search_is() -> None:
    with pytest.raises(InputError, match="--top_k: 0 is not a whole number of at least 1"):
        TransferConfig(top_k=0)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (TrainingConfig(learning_rate=np.logspace(-2, -1, 3)[0]), TrainingConfig(learning_rate=0.01)),
        (TrainingConfig(momentum=np.float32(0.5)), TrainingConfig(momentum=0.5)),
        (TrainingConfig(batch_size=np.int64(32)), TrainingConfig(batch_size=32)),
        (TrainingConfig(sync_batch_norm=np.bool_(True)), TrainingConfig(sync_batch_norm=True)),
        (TrainingConfig(schedule=np.str_("cosine")), TrainingConfig(schedule="cosine")),
        (SearchConfig(seed=np.arange(3)[1]), SearchConfig(seed=1)),
        (TransferConfig(seed=np.uint8(1)), TransferConfig(seed=1)),
        (RetrainConfig(top_k=np.int32(2)), RetrainConfig(top_k=2)),
        (EvolutionConfig(target=np.float64(5e3)), EvolutionConfig(target=5e3)),
        (EvolutionConfig(mutations=["kernel"]), EvolutionConfig(mutations=("kernel",))),
        (FrameConfig(strides=[2, 2]), FrameConfig(strides=(2, 2))),
        (FrameConfig(strides=np.array([2, 2])), FrameConfig(strides=(2, 2))),
        (FrameConfig(image_size=np.array(16)), FrameConfig(image_size=16)),
        (SpaceConfig(depth_choices=range(1, 3)), SpaceConfig(depth_choices=(1, 2))),
        (SpaceConfig(kernel_choices=[np.int64(3)]), SpaceConfig(kernel_choices=(3,))),
        (SpaceConfig(layers=[5, 8]), SpaceConfig(layers=(5, 8))),
        (DataConfig(validation=np.int64(100)), DataConfig(validation=100)),
        (RuntimeConfig("run", "mirrored", np.int64(2)), RuntimeConfig("run", "mirrored", 2)),
    ],
)
def test_values_of_numpy_and_lists_become_plain_ones(given, plain) -> None:
    assert given == plain
    assert hash(given) == hash(plain)
    assert json.dumps(settings(given)) == json.dumps(settings(plain))


def test_a_single_value_where_a_list_belongs_is_refused() -> None:
    with pytest.raises(InputError, match="--conv_choices: 'sep' is not a list; give one such as"):
        SpaceConfig(conv_choices="sep")
    with pytest.raises(InputError, match="--strides: 2 is not a list"):
        FrameConfig(strides=2)

"""Models with a plugin's layers, loaded where the plugin is there and where it is not."""

import keras
import numpy as np
import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Activation, Conv, Frame, KerasLayer, conv_ops, expand
from eatnas_tf.network import saved_model
from eatnas_tf.network.builder import build
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.space import STANDARD, Architecture, Primitive

FRAME = Frame(8, 1, 3, stem_filters=2, stem_stride=1, strides=(1,), head_filters=4)


def _halving(name):
    """A layer whose class is made where it is used, as a part that does not import Keras does it."""

    class Halving(keras.layers.Layer):
        def call(self, inputs):
            return inputs / 2

    return Halving(name=name)


def halved(inputs, outputs, kernel, stride):
    return [
        Conv("conv", inputs, outputs, kernel, stride),
        KerasLayer("half", _halving),
        Activation("a", "hard_swish"),
    ]


HALVED = Primitive(
    "halved",
    "h",
    (0, 1),
    int,
    default=0,
    rewrite=lambda specs, value: [*specs, KerasLayer("half", _halving)] if value else specs,
)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    conv_ops.find.cache_clear()
    yield
    conv_ops.find.cache_clear()


@pytest.mark.parametrize(
    ("group", "name", "part", "code"),
    [
        ("conv_ops", "halved", halved, "halved_k3_s1_w1.0_d1"),
        ("primitives", "halved", HALVED, "sep_k3_s1_w1.0_d1_h1"),
    ],
)
def test_a_model_with_a_plugins_layer_loads_with_the_plugin_and_says_so_without(
    tmp_path, strategy, group, name, part, code
) -> None:
    registry.add(group, name, part)
    model = build(expand(Architecture.parse(code, (*STANDARD, HALVED)), FRAME), keras_layer)
    path, images = tmp_path / "model.keras", np.ones((1, 8, 8, 1), np.float32)
    model.save(path)
    loaded = saved_model.load(path, 3)
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(model(images)), atol=1e-5)
    registry._added[group].clear()
    with pytest.raises(InputError) as refused:
        saved_model.load(path, 3)
    assert str(refused.value) == (
        f"{path}: cannot be loaded (layer 'Halving' is neither Keras's nor a registered part's); one of your "
        "own needs --plugins, or its package installed"
    )


def test_a_part_that_raises_hides_no_other_parts_layer() -> None:
    registry.add("conv_ops", "broken", lambda *given: 1 / 0)
    registry.add("conv_ops", "halved", halved)
    assert list(saved_model.layer_classes()) == ["Halving"]

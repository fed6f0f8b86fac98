"""The checker's claims that need no TensorFlow, and which parts it is about."""

import random

import pytest

from eatnas_tf import registry
from eatnas_tf.layers import Activation, BatchNorm, Conv, conv_ops, measured
from eatnas_tf.space import STANDARD, Primitive, SearchSpace, natural
from eatnas_tf.stages import check_plugins, claims


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    monkeypatch.setattr(registry, "_files", [])
    monkeypatch.setattr(registry, "_of_files", set())
    conv_ops.find.cache_clear()
    yield
    conv_ops.find.cache_clear()


def plain(inputs, outputs, kernel, stride):
    return [Conv("conv", inputs, outputs, kernel, stride), BatchNorm("bn", outputs), Activation("a", "relu")]


def even_only(inputs, outputs, kernel, stride):
    assert inputs % 2 == 0, "an even number"
    return plain(inputs, outputs, kernel, stride)


def odd_kernels(inputs, outputs, kernel, stride):
    return plain(inputs, outputs, {3: 3, 5: 5, 7: 7}[kernel], stride)


def small_strides(inputs, outputs, kernel, stride):
    return plain(inputs, outputs, kernel, min(stride, 2))


def broken(group, part) -> str:
    """What the first claim that does not hold says; empty if all hold."""
    for title, claim in check_plugins.CLAIMS[group].items():
        try:
            claim(part)
        except Exception as error:
            return f"{title}: {claims.in_words(error)}"
    return ""


BUILT_IN = [
    (group, name)
    for group in claims.CLAIMS
    for name in registry.names(group)
    if not registry.is_strange(group, name)
]


@pytest.mark.parametrize(("group", "name"), BUILT_IN)
def test_every_built_in_part_holds(group, name) -> None:
    assert broken(group, registry.get(group, name)) == ""


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            even_only,
            "1 to 1 channels, kernel 1, stride 1: AssertionError: an even number",
        ),
        (odd_kernels, "1 to 1 channels, kernel 1, stride 1: KeyError: 1"),
        (small_strides, "stride 3: 7 pixels became 4; expected 3"),
    ],
)
def test_a_conv_op_that_fails_for_odd_widths_kernels_or_strides_is_found(part, words) -> None:
    found = broken("conv_ops", part)
    assert found.startswith("fits its place: ")
    assert words in found


def test_a_primitive_that_fails_for_some_layers_is_found() -> None:
    def rewrite(specs, value):
        return [spec for spec in specs if value == 0 or spec.inputs % 8 == 0]

    part = Primitive("mine", "my", (0, 1), natural, 0, rewrite)
    assert broken("primitives", part).startswith(
        "rewrites any layer: 1, sep from 8 to 8 channels, kernel 3: "
    )


def test_a_number_that_varies_is_allowed_for_a_measured_objective_only() -> None:
    def latency(network):
        return 1 + random.random()

    assert "declare that by eatnas_tf.layers.measured" in broken("objectives", latency)
    assert broken("objectives", measured(latency)) == ""


def test_a_measured_objective_is_not_called_often() -> None:
    calls = []
    assert broken("objectives", measured(lambda network: calls.append(network) or 1.0)) == ""
    assert len(calls) <= 4


def test_keras_names_with_underscores_are_values_of_a_primitive() -> None:
    part = Primitive("act", "a", ("relu", "hard_swish"), default="relu", rewrite=lambda specs, value: specs)
    assert broken("primitives", part) == ""
    space = SearchSpace(2, (*STANDARD, part))
    code = space.sample(random.Random(0)).replace(0, act="hard_swish").replace(1, act="relu")
    assert "_ahard.swish-" in str(code)
    assert type(code).parse(str(code), space.primitives) == code


def test_a_conv_ops_name_that_no_code_can_hold_is_found() -> None:
    with pytest.raises(Exception, match="'my_op' is not a word of letters, digits and dots"):
        claims.NAMES["conv_ops"]("my_op")


def test_two_primitives_that_do_not_go_together_break_no_other_part() -> None:
    for name in ("one", "other"):
        registry.add("primitives", name, Primitive(name, "x", (0, 1), natural, 0))
    assert broken("mutations", registry.get("mutations", "kernel")) == ""


def test_the_check_is_about_a_files_parts_else_about_every_part(tmp_path) -> None:
    assert len(check_plugins._chosen([])) >= len(BUILT_IN)
    path = tmp_path / "mine.py"
    path.write_text('PARTS = {"mutations": {"grow": lambda architecture, *_: architecture}}')
    registry.add_file(str(path))
    assert check_plugins._chosen([]) == [("mutations", "grow")]
    assert check_plugins._chosen(["params"]) == [("objectives", "params")]

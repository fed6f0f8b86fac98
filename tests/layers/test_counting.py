"""What networks count: published totals, and layers counted by hand."""

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError, UnknownNameError
from eatnas_tf.layers import Frame, conv_ops, count, describe, expand
from eatnas_tf.layers.expand import default_stem_stride, default_strides, sizes
from eatnas_tf.layers.zoo import MOBILENET_FRAME, MOBILENET_V2, mnasnet_b1
from eatnas_tf.space import Architecture, Block, Primitive

MNASNET_B1 = mnasnet_b1()
BLOCK = Frame(32, 3, 10, stem_filters=16, stem_stride=1, strides=(2,))
CIFAR = Frame(32, 3, 10, stem_stride=1, strides=(1, 1, 2, 1, 2, 1, 1))


def _network(code: str, frame: Frame = BLOCK, **settings):
    return expand(Architecture.parse(code), frame, **settings)


def _row(code: str, number: int = 1, **settings):
    """(parameters, mult-adds) of a layer of the only block."""
    return tuple(describe(_network(code, Frame(**{**vars(BLOCK), **settings})))[number].counted)


def test_mobilenet_v2_counts_what_is_published() -> None:
    assert count(expand(MOBILENET_V2, MOBILENET_FRAME)) == (3_504_872, 300_774_272)


def test_mnasnet_b1_counts_what_is_published() -> None:
    assert count(MNASNET_B1) == (4_383_312, 314_415_872)


@pytest.mark.parametrize(("name", "published"), [("params", 3_504_872), ("mult_adds", 300_774_272)])
def test_an_objective_is_a_count(name, published) -> None:
    assert registry.get("objectives", name)(expand(MOBILENET_V2, MOBILENET_FRAME)) == published


# A layer of 16 channels on 32x32 pixels with stride 2, so that it ends at 16x16.
@pytest.mark.parametrize(
    ("code", "shortcut", "params", "mult_adds"),
    [
        ("sep_k5_s0_w2.0_d1", "projection", 25 * 16 + 32 + 16 * 32 + 64, 256 * (25 * 16 + 16 * 32)),
        ("sep_k5_s1_w2.0_d1", "identity", 25 * 16 + 32 + 16 * 32 + 64, 256 * (25 * 16 + 16 * 32)),
        (
            "sep_k5_s1_w2.0_d1",
            "projection",
            25 * 16 + 32 + 16 * 32 + 64 + 16 * 32 + 64,
            256 * (25 * 16 + 16 * 32 + 16 * 32),
        ),
        (
            "mb3_k3_s0_w2.0_d1",
            "projection",
            16 * 48 + 96 + 9 * 48 + 96 + 48 * 32 + 64,
            1024 * 16 * 48 + 256 * (9 * 48 + 48 * 32),
        ),
        (
            "mb3_k3_s1_w2.0_d1",
            "projection",
            16 * 48 + 96 + 9 * 48 + 96 + 48 * 32 + 64 + 16 * 32 + 64,
            1024 * 16 * 48 + 256 * (9 * 48 + 48 * 32 + 16 * 32),
        ),
        ("mb1_k3_s0_w2.0_d1", "projection", 9 * 16 + 32 + 16 * 32 + 64, 256 * (9 * 16 + 16 * 32)),
    ],
)
def test_a_layer_counts_what_one_counts_by_hand(code, shortcut, params, mult_adds) -> None:
    assert _row(code, shortcut=shortcut) == (params, mult_adds)


def test_the_second_layer_of_a_block_keeps_width_and_size() -> None:
    assert _row("sep_k3_s1_w2.0_d2", 2) == (9 * 32 + 64 + 32 * 32 + 64, 256 * (9 * 32 + 32 * 32))


def test_stem_and_head_count_what_one_counts_by_hand() -> None:
    stem, *_, head = describe(_network("sep_k3_s1_w2.0_d1"))
    assert stem.counted == (27 * 16 + 32, 1024 * 27 * 16)
    assert head.counted == (32 * 1280 + 2560 + 1280 * 10 + 10, 256 * 32 * 1280 + 1280 * 10)


@pytest.mark.parametrize(
    "network", [expand(MOBILENET_V2, CIFAR), MNASNET_B1], ids=["mobilenet_v2", "mnasnet_b1"]
)
def test_the_rows_add_up_to_the_total(network) -> None:
    rows = describe(network)
    total = count(network)
    assert (
        sum(row.counted.params for row in rows)
        == total.params
        == sum(s.params() for s in network.named_specs())
    )
    assert sum(row.counted.mult_adds for row in rows) == total.mult_adds
    assert len(rows) == len(network.layers) + 2


def test_every_spec_of_a_network_has_a_name_of_its_own() -> None:
    names = [spec.name for spec in expand(MOBILENET_V2, CIFAR).named_specs()]
    assert len(set(names)) == len(names)
    assert {"stem_conv", "block3_layer2_depthwise", "head_dense"} <= set(names)


def test_the_auxiliary_tower_is_not_counted() -> None:
    plain, towered = expand(MOBILENET_V2, CIFAR), expand(MOBILENET_V2, CIFAR, auxiliary=True)
    assert towered.auxiliary
    assert count(towered) == count(plain)
    assert list(towered.named_specs()) == list(plain.named_specs())


@pytest.mark.parametrize(
    ("strides", "place"),
    [
        ((1, 1, 2, 1, 2, 1, 1), 4),
        ((1, 2, 2, 1, 1, 1, 2), 6),
        ((1, 1, 1, 1, 1, 1, 1), 0),
        ((2, 1, 1, 1, 1, 1, 1), 0),
    ],
)
def test_the_auxiliary_tower_stands_before_the_last_stride(strides, place) -> None:
    network = expand(MOBILENET_V2, Frame(**{**vars(CIFAR), "strides": strides}), auxiliary=True)
    before = [layer for layer in network.layers if layer.block <= place]
    assert network.auxiliary_block == place
    assert network.auxiliary[1].inputs == (before[-1].outputs if before else CIFAR.stem_filters)


def test_an_auxiliary_tower_without_room_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"auxiliary tower: block 0 ends at 1x1 pixels; expected at least 2x2"
    ):
        _network("sep_k3_s1_w1.0_d1", Frame(1, 3, 10, stem_stride=1, strides=(2,)), auxiliary=True)


@pytest.mark.parametrize("factor", [1, 2, 4, 9, 13, 99])
def test_an_inverted_bottleneck_is_known_by_any_factor(factor) -> None:
    specs = {spec.name: spec for spec in conv_ops.find(f"mb{factor}")(8, 12, 5, 2)}
    assert specs["depthwise"].channels == 8 * factor
    assert (specs["project"].inputs, specs["project"].outputs) == (8 * factor, 12)
    assert ("expand" in specs) == (factor > 1)


@pytest.mark.parametrize(("name", "family"), [("mb3", "mb"), ("mb12", "mb"), ("sep", "sep")])
def test_a_family_is_the_operation_without_its_factor(name, family) -> None:
    assert conv_ops.family(name) == family


@pytest.mark.parametrize("name", ["mb0", "mb04", "mb100", "mb", "mb-3", "conv", ""])
def test_an_unknown_operation_is_refused(name) -> None:
    with pytest.raises(UnknownNameError, match=f"no conv op '{name}' among mb1, mb3, mb6, sep"):
        conv_ops.find(name)


def test_an_unknown_operation_of_a_code_is_refused_by_block_with_a_near_one() -> None:
    with pytest.raises(InputError) as refused:
        _network("sep_k3_s1_w1.0_d1-sepp_k3_s1_w1.0_d1", Frame(**{**vars(BLOCK), "strides": (1, 1)}))
    assert (
        str(refused.value) == "block 2, no conv op 'sepp' among mb1, mb3, mb6, sep; "
        "one of your own needs --plugins; did you mean 'sep'?"
    )


@pytest.mark.parametrize(
    ("code", "stride", "shortcut", "kinds"),
    [
        ("sep_k3_s1_w1.0_d2", 1, "projection", [(), ()]),
        ("sep_k3_s1_w1.0_d2", 2, "projection", [("shortcut", "shortcut_bn"), ()]),
        ("sep_k3_s1_w2.0_d2", 1, "projection", [("shortcut", "shortcut_bn"), ()]),
        ("sep_k3_s1_w1.0_d2", 1, "identity", [(), ()]),
        ("sep_k3_s1_w1.0_d2", 2, "identity", [None, ()]),
        ("sep_k3_s1_w2.0_d2", 1, "identity", [None, ()]),
        ("sep_k3_s0_w2.0_d2", 1, "projection", [None, None]),
        ("sep_k3_s0_w1.0_d2", 1, "identity", [None, None]),
    ],
)
def test_a_shortcut_is_the_identity_where_it_can_be(code, stride, shortcut, kinds) -> None:
    layers = _network(code, Frame(32, stem_stride=1, strides=(stride,), shortcut=shortcut)).layers
    assert [
        layer.shortcut if layer.shortcut is None else tuple(spec.name for spec in layer.shortcut)
        for layer in layers
    ] == kinds
    assert all(layer.shortcut[0].stride == layer.stride for layer in layers if layer.shortcut)


def test_the_first_layer_of_a_block_carries_its_stride_and_its_width() -> None:
    layers = _network("sep_k3_s1_w2.0_d3").layers
    assert [(layer.stride, layer.inputs, layer.outputs) for layer in layers] == [
        (2, 16, 32),
        (1, 32, 32),
        (1, 32, 32),
    ]


@pytest.mark.parametrize(
    ("image", "stem", "strides", "expected"),
    [
        (32, 1, (1, 1, 2, 1, 2, 1, 1), [32, 32, 32, 16, 16, 8, 8, 8]),
        (224, 2, (1, 2, 2, 2, 1, 2, 1), [112, 112, 56, 28, 14, 14, 7, 7]),
        (13, 2, (2, 2, 2, 2, 2, 2, 3), [7, 4, 2, 1, 1, 1, 1, 1]),
    ],
)
def test_sizes_are_halved_and_rounded_up(image, stem, strides, expected) -> None:
    code = "-".join(["mb3_k7_s1_w1.0_d1"] * 7)
    network = _network(code, Frame(image, stem_stride=stem, strides=strides))
    assert sizes(network) == [(side, side) for side in expected]
    assert [row.output_size[0] for row in describe(network)] == [*expected, 1]


@pytest.mark.parametrize(
    ("size", "stem", "strides"),
    [
        (32, 1, (1, 1, 2, 1, 2, 1, 1)),
        (95, 1, (1, 1, 2, 1, 2, 1, 1)),
        (96, 2, (1, 2, 2, 2, 1, 2, 1)),
        (224, 2, (1, 2, 2, 2, 1, 2, 1)),
    ],
)
def test_the_default_strides_are_the_papers(size, stem, strides) -> None:
    assert (default_stem_stride(size), default_strides(size)) == (stem, strides)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_size": 0}, "image_size: 0 is not at least 1"),
        ({"num_classes": -1}, "num_classes: -1 is not at least 1"),
        ({"strides": ()}, "strides: () is not a list of whole numbers of at least 1, one a block"),
        ({"strides": (1, 0)}, "strides: (1, 0) is not a list of whole numbers of at least 1, one a block"),
        ({"width_base": "output"}, "width_base: output is not one of input, mobilenet_v2"),
        ({"shortcut": "none"}, "shortcut: none is not one of projection, identity"),
    ],
)
def test_a_wrong_frame_is_refused(settings, message) -> None:
    with pytest.raises(InputError) as refused:
        Frame(**settings)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("code", "frame", "message"),
    [
        ("sep_k3_s1_w1.0_d1", CIFAR, "strides: 7 given for 1 blocks; expected one a block"),
        ("sep_k3_s1_w1.0_d1-sep_k3_s1_w1.0_d1", BLOCK, "strides: 1 given for 2 blocks; expected one a block"),
    ],
)
def test_a_frame_that_does_not_fit_the_code_is_refused(code, frame, message) -> None:
    with pytest.raises(InputError) as refused:
        _network(code, frame)
    assert str(refused.value) == message


def test_a_code_without_the_five_primitives_makes_no_network() -> None:
    own = (Primitive("conv", "", ("sep",)), Primitive("kernel", "k", ("3",)))
    with pytest.raises(InputError, match="block 1, skip is missing; a network needs it"):
        expand(Architecture((Block.of(own, conv="sep", kernel="3"),)), BLOCK)

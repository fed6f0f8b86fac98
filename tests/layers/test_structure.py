"""Networks as graphs of layers: what a layer may take, and what is refused."""

from dataclasses import replace

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.layers import (
    Activation,
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    Frame,
    GlobalAveragePool,
    KerasLayer,
    Layer,
    MaxPool,
    Network,
    conv_ops,
    count,
    describe,
    expand,
)
from eatnas_tf.layers.expand import sizes
from eatnas_tf.layers.specs import Shape
from eatnas_tf.space import Architecture

FRAME = Frame(15, 2, 3, stem_filters=4, stem_stride=2, strides=(1,))
TWO = (Concatenate("join", after=("input", "input2")),)


def layer(number, inputs, outputs, *specs, shortcut=None, after=(), stride=1):
    return Layer(1, number, "own", 1, stride, inputs, outputs, specs, shortcut, after)


def network(*layers):
    stem = (Conv("stem_conv", 2, 4, 3, 2), MaxPool("stem_pool", 3, 2))
    head = (GlobalAveragePool("head_pool"), Dense("head_dense", layers[-1].outputs, 3))
    return Network(FRAME, stem, layers, head)


def test_a_layer_takes_the_one_before_or_those_that_it_names() -> None:
    found = network(
        layer(1, 4, 6, Conv("c", 4, 6)),
        layer(2, 6, 10, *TWO, after=("block1_layer1", "stem")),
        layer(3, 10, 8, Conv("c", 10, 8)),
        layer(4, 8, 18, *TWO, after=("block1_layer3", "block1_layer2")),
    ).places
    assert [(place.name, place.sources) for place in found] == [
        ("stem", ("images",)),
        ("block1_layer1", ("stem",)),
        ("block1_layer2", ("block1_layer1", "stem")),
        ("block1_layer3", ("block1_layer2",)),
        ("block1_layer4", ("block1_layer3", "block1_layer2")),
        ("head", ("block1_layer4",)),
    ]
    assert [place.output for place in found] == [
        Shape(4, 4, 4),
        Shape(4, 4, 6),
        Shape(4, 4, 10),
        Shape(4, 4, 8),
        Shape(4, 4, 18),
        Shape(1, 1, 3, True),
    ]


def test_sizes_rows_and_counts_follow_the_graph() -> None:
    built = network(
        layer(1, 4, 6, Conv("c", 4, 6, 3, 2), stride=2),
        layer(2, 4, 6, Conv("c", 4, 6, 1, 2), stride=2, after=("stem",)),
        layer(3, 6, 6, Add("sum", after=("input", "input2")), after=("block1_layer1", "block1_layer2")),
    )
    assert sizes(built) == [(4, 4), (2, 2), (2, 2), (2, 2)]
    rows = describe(built)
    assert [row.counted.mult_adds for row in rows] == [64 * 9 * 8, 4 * 9 * 24, 4 * 24, 0, 18]
    assert count(built).params == 9 * 8 + 9 * 24 + 24 + 18 + 3


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [layer(1, 4, 8, *TWO, after=("stem", "block1_layer2")), layer(2, 8, 8, Conv("c", 8, 8))],
            "block 1, layer 1 (own): takes 'block1_layer2', which is not one of stem",
        ),
        (
            [layer(1, 4, 4, Activation("a", "relu"), after=("images",))],
            "block 1, layer 1 (own): takes 'images', which is not one of stem",
        ),
        (
            [layer(1, 4, 4, Conv("c", 4, 4)), layer(2, 4, 4, Conv("c", 4, 4), after=("stem",))],
            "nothing takes block1_layer1; the head takes the last layer, block1_layer2",
        ),
        (
            [layer(1, 4, 4, Conv("c", 4, 4)), layer(1, 4, 4, Conv("c", 4, 4))],
            "two layers are called block1_layer1; number them by block and position",
        ),
        ([layer(1, 4, 4)], "block 1, layer 1 (own): it has no specs"),
        (
            [layer(1, 4, 8, Conv("c", 4, 6))],
            "block 1, layer 1 (own): its specs make 6 channels; expected 8",
        ),
        (
            [
                layer(1, 4, 4, Conv("c", 4, 4)),
                layer(2, 4, 4, Conv("c", 4, 4), after=("block1_layer1", "stem")),
            ],
            "block 1, layer 2 (own): nothing takes 'input2'; the result is the last spec's, 'c'",
        ),
        (
            [layer(1, 4, 4, Conv("c", 4, 4, 3, 2), shortcut=())],
            "block 1, layer 1 (own): the shortcut brings 4x4x4, the specs make 2x2x4",
        ),
        (
            [layer(1, 4, 6, Conv("c", 4, 6), shortcut=(Conv("s", 4, 5),))],
            "block 1, layer 1 (own): the shortcut brings 4x4x5, the specs make 4x4x6",
        ),
        (
            [layer(1, 4, 4, Conv("c", 4, 4), shortcut=(Conv("c", 4, 4),))],
            "block 1, layer 1 (own): two specs are called 'c'; a layer's names are its own",
        ),
        (
            [layer(1, 4, 4, Conv("c", 5, 4))],
            "block 1, layer 1 (own): 'c' takes 5 channels; it gets 4x4x4 of 'input'",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused_in_one_line(layers, message) -> None:
    with pytest.raises(InputError) as refused:
        count(network(*layers))
    assert str(refused.value) == message


def test_a_head_that_does_not_fit_is_refused() -> None:
    built = network(layer(1, 4, 4, Conv("c", 4, 4)))
    with pytest.raises(
        InputError, match="head: 'head_dense' takes 9 channels; it gets 4 values of 'head_pool'"
    ):
        count(replace(built, head=(built.head[0], Dense("head_dense", 9, 3))))


def test_channels_that_a_layer_does_not_tell_are_those_that_it_promises() -> None:
    built = network(layer(1, 4, 4, KerasLayer("odd", lambda name: None)), layer(2, 4, 4, BatchNorm("bn", 4)))
    assert [place.output.channels for place in built.places] == [4, 4, 4, 3]


@pytest.fixture
def branched():
    """An operation with two branches, as a plugin registers it."""

    def branched(inputs, outputs, kernel, stride):
        return [
            Conv("narrow", inputs, outputs, 1, stride),
            Conv("wide", inputs, outputs, kernel, stride, after=("input",)),
            Add("sum", after=("narrow", "wide")),
            BatchNorm("bn", outputs),
        ]

    def wrong(inputs, outputs, kernel, stride):
        specs = branched(inputs, outputs, kernel, stride)
        return [*specs[:2], Add("sum", after=("narrow", "input"))]

    def uneven(inputs, outputs, kernel, stride):
        specs = branched(inputs, outputs, kernel, stride)
        return [replace(specs[0], stride=1), *specs[1:]]

    for op in (branched, wrong, uneven):
        registry.add("conv_ops", op.__name__, op)
    yield
    for op in (branched, wrong, uneven):
        registry._added["conv_ops"].pop(op.__name__)
    conv_ops.find.cache_clear()


def _expanded(op):
    frame = Frame(16, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2))
    return expand(Architecture.parse(f"sep_k3_s1_w1.0_d1-{op}_k3_s1_w2.0_d2"), frame)


@pytest.mark.usefixtures("branched")
def test_an_operation_of_a_code_may_have_branches_and_a_shortcut() -> None:
    row = describe(_expanded("branched"))[3]
    assert row.counted == (8 * 8 * 10 + 2 * 8, 64 * 64 * 10)


@pytest.mark.usefixtures("branched")
@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            "wrong",
            "block 2, conv op 'wrong': nothing takes 'wide'; the result is the last spec's, 'sum' "
            "(check_plugins tells more)",
        ),
        (
            "uneven",
            "block 2, layer 1 (uneven): 'sum' adds inputs of one shape; "
            "it gets 16x16x8 of 'narrow', 8x8x8 of 'wide'",
        ),
    ],
)
def test_an_operation_whose_branches_do_not_meet_is_refused_in_one_line(op, message) -> None:
    with pytest.raises(InputError) as refused:
        _expanded(op)
    assert str(refused.value) == message

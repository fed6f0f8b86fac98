"""Lists of specs as graphs: who takes what, which shapes pass, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.errors import InputError
from eatnas_tf.layers import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSplit,
    Concatenate,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Gate,
    GlobalAveragePool,
    KerasLayer,
    MaxPool,
    Spec,
    Subsample,
    ZeroPad,
    conv_ops,
)
from eatnas_tf.layers.specs import Shape, is_chain, refuse_strangers, walk, wired

IMAGES = Shape(9, 8, 12)


def links(specs, inputs=1):
    return [(spec.name, sources) for spec, sources in wired(specs, inputs)]


def output(spec, *shapes):
    """What the spec makes of shapes, each given as an input of its own."""
    names = ("input", "input2", "input3")[: len(shapes)]
    (step,) = walk([type(spec)(**{**vars(spec), "after": names})], *shapes)
    return step.output


@pytest.mark.parametrize("op", ["sep", "mb1", "mb3", "mb6"])
def test_a_list_without_names_is_a_chain(op) -> None:
    specs = conv_ops.find(op)(8, 12, 3, 2)
    names = [spec.name for spec in specs]
    assert links(specs) == list(zip(names, [("input",), *((name,) for name in names)], strict=False))
    assert is_chain(walk(specs, Shape(16, 16, 8)))


def test_a_spec_takes_what_it_names_in_that_order() -> None:
    specs = [
        Conv("left", 12, 4),
        Conv("right", 12, 6, after=("input",)),
        Activation("relu", "relu"),
        Concatenate("join", after=("relu", "left", "input")),
    ]
    steps = walk(specs, IMAGES)
    assert [step.sources for step in steps] == [
        ("input",),
        ("input",),
        ("right",),
        ("relu", "left", "input"),
    ]
    assert steps[-1].inputs == (Shape(9, 8, 6), Shape(9, 8, 4), IMAGES)
    assert steps[-1].output == Shape(9, 8, 22)
    assert not is_chain(steps)


def test_further_inputs_are_numbered() -> None:
    specs = [
        Conv("first", 4, 8),
        Conv("second", 6, 8, after=("input2",)),
        Add("sum", after=("first", "second")),
    ]
    assert walk(specs, Shape(5, 5, 4), Shape(5, 5, 6))[-1].output == Shape(5, 5, 8)


def test_a_chain_may_have_a_spec_called_input_as_ever() -> None:
    specs = [Conv("input", 12, 4), BatchNorm("bn", 4)]
    assert links(specs) == [("input", ("input",)), ("bn", ("input",))]


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        (
            [Conv("left", 12, 4), Add("sum", after=("lef", "input"))],
            "'sum' takes 'lef', which is not one of input, left; did you mean 'left'?",
        ),
        (
            [Add("sum", after=("late", "input")), Conv("late", 12, 12)],
            "'sum' takes 'late', which is not before it; change their order",
        ),
        (
            [Activation("loop", "relu", after=("loop",))],
            "'loop' takes 'loop', which is not before it; change their order",
        ),
        (
            [Conv("left", 12, 4), Conv("right", 12, 4, after=("input",))],
            "nothing takes 'left'; the result is the last spec's, 'right'",
        ),
        (
            [Conv("input", 12, 12), Add("sum", after=("input", "input"))],
            "'sum' takes 'input', an input's name and a spec's; rename the spec",
        ),
        (
            [Conv("a", 12, 4), Activation("b", "relu", after="a")],
            "'b': after is 'a'; expected a tuple of names",
        ),
        (
            [Conv("a", 12, 4), Activation("b", "relu", after=(3,))],
            "'b': after is (3,); expected a tuple of names",
        ),
        ([Conv("a", 12, 4), Conv("a", 4, 4)], "two specs are called 'a'; a layer's names are its own"),
    ],
)
def test_a_list_that_is_no_graph_is_refused_in_one_line(specs, message) -> None:
    with pytest.raises(InputError) as refused:
        refuse_strangers(specs)
    assert str(refused.value) == message


def test_an_input_that_nothing_takes_is_refused() -> None:
    with pytest.raises(InputError, match="nothing takes 'input2'; the result is the last spec's, 'a'"):
        walk([Conv("a", 12, 4)], IMAGES, IMAGES)


@pytest.mark.parametrize(
    ("spec", "shapes", "message"),
    [
        (Conv("c", 8, 4), [IMAGES], "'c' takes 8 channels; it gets 9x8x12 of 'input'"),
        (Depthwise("d", 8, 3), [IMAGES], "'d' takes 8 channels; it gets 9x8x12 of 'input'"),
        (BatchNorm("b", 8), [IMAGES], "'b' takes 8 channels; it gets 9x8x12 of 'input'"),
        (
            Dense("d", 12, 4),
            [IMAGES],
            "'d' takes a vector (of a GlobalAveragePool); it gets 9x8x12 of 'input'",
        ),
        (Conv("c", 12, 4), [Shape(1, 1, 12, True)], "'c' takes images; it gets 12 values of 'input'"),
        (
            Conv("c", 12, 4),
            [IMAGES, IMAGES],
            "'c' takes one input; it gets 9x8x12 of 'input', 9x8x12 of 'input2'",
        ),
        (
            Conv("c", 12, 4, 9, padding="valid"),
            [IMAGES],
            "'c' would leave 1x0 pixels; it gets 9x8x12 of 'input'",
        ),
        (MaxPool("p", 9, 1, "valid"), [IMAGES], "'p' would leave 1x0 pixels; it gets 9x8x12 of 'input'"),
        (
            Add("a"),
            [IMAGES, Shape(9, 8, 6)],
            "'a' adds inputs of one shape; it gets 9x8x12 of 'input', 9x8x6 of 'input2'",
        ),
        (
            Concatenate("c"),
            [IMAGES, Shape(5, 4, 12)],
            "'c' concatenates inputs of one size; it gets 9x8x12 of 'input', 5x4x12 of 'input2'",
        ),
        (Add("a"), [IMAGES], "'a' takes two inputs or more, named by `after`; it gets 9x8x12 of 'input'"),
        (
            Concatenate("c"),
            [IMAGES],
            "'c' takes two inputs or more, named by `after`; it gets 9x8x12 of 'input'",
        ),
        (ChannelSplit("s", 6, 13), [IMAGES], "'s' takes channels 6 up to 13; it gets 9x8x12 of 'input'"),
        (
            ChannelShuffle("s", 5),
            [IMAGES],
            "'s' shuffles 5 equal groups of channels; it gets 9x8x12 of 'input'",
        ),
        (
            Gate("g", (GlobalAveragePool("pool"), Dense("fc", 12, 6))),
            [IMAGES],
            "'g' makes 6 values of its input, not a factor a channel; it gets 9x8x12 of 'input'",
        ),
        (
            Gate("g", (GlobalAveragePool("pool"), Dense("fc", 6, 6))),
            [IMAGES],
            "'g' has a flaw: 'fc' takes 6 channels; it gets 12 values of 'pool'; it gets 9x8x12 of 'input'",
        ),
    ],
)
def test_inputs_that_do_not_suit_a_spec_are_refused_in_one_line(spec, shapes, message) -> None:
    with pytest.raises(InputError) as refused:
        output(spec, *shapes)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv("c", 12, 8, groups=3), "'c': 12 to 8 channels do not divide into 3 groups"),
        (lambda: Conv("c", 8, 12, groups=3), "'c': 8 to 12 channels do not divide into 3 groups"),
        (lambda: Conv("c", 8, 12, groups=0), "'c': 8 to 12 channels do not divide into 0 groups"),
        (lambda: Conv("c", 8, 12, 0), "'c': kernel 0 is not at least 1"),
        (lambda: Conv("c", 8, 12, (1, 7), (1, 0)), "'c': stride (1, 0) is not at least 1"),
        (lambda: Conv("c", 8, 12, padding="full"), "'c': padding 'full' is not one of same, valid"),
        (lambda: Conv("c", 8, 12, 3, 2, dilation=3), "'c': stride 2 does not divide dilation 3"),
        (lambda: Depthwise("d", 8, 3, 3, dilation=2), "'d': stride 3 does not divide dilation 2"),
        (lambda: AveragePool("p", 3, 0), "'p': stride 0 is not at least 1"),
        (lambda: ChannelSplit("s", 4, 4), "'s': there are no channels from 4 up to 4"),
        (lambda: ChannelShuffle("s", 0), "'s': 0 groups; expected at least 1"),
        (lambda: Subsample("s", 0), "'s': stride 0, offset 0; expected at least 1 and 0"),
        (lambda: ZeroPad("z", -1, 1), "'z': padding by -1 and 1 is not at least 0"),
    ],
)
def test_a_spec_of_impossible_numbers_is_refused_in_one_line(make, message) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Conv("c", 12, 4, 3, 2), (5, 4, 4)),
        (Conv("c", 12, 4, 3, 2, "valid"), (4, 3, 4)),
        (Conv("c", 12, 4, (1, 7), (1, 2)), (9, 4, 4)),
        (Conv("c", 12, 4, 3, padding="valid", dilation=2), (5, 4, 4)),
        (Depthwise("d", 12, 5, 2, dilation=2), (5, 4, 12)),
        (Depthwise("d", 12, 3, 2, "valid"), (4, 3, 12)),
        (MaxPool("p", 3, 2), (5, 4, 12)),
        (MaxPool("p", 2, 2, "valid"), (4, 4, 12)),
        (AveragePool("p", 3), (9, 8, 12)),
        (Subsample("s", 2, 1), (5, 4, 12)),
        (ZeroPad("z", 1, 2), (12, 11, 12)),
        (ChannelSplit("s", 3, 8), (9, 8, 5)),
        (ChannelShuffle("s", 3), (9, 8, 12)),
        (Dropout("d", 0.1), (9, 8, 12)),
        (GlobalAveragePool("p"), (1, 1, 12, True)),
    ],
)
def test_a_spec_makes_its_shape_of_images_of_9_by_8_pixels_and_12_channels(spec, expected) -> None:
    assert output(spec, IMAGES) == Shape(*expected)


def test_what_is_not_known_is_not_checked() -> None:
    unknown = KerasLayer("odd", lambda name: None)
    assert output(unknown, IMAGES) == Shape(9, 8, None, None)
    assert output(Spec("own"), IMAGES) == Shape(9, 8, None, None)
    after = [unknown, Conv("c", 7, 3), Add("sum", after=("c", "odd"))]
    assert walk(after, IMAGES)[-1].output == Shape(9, 8, 3)
    assert walk([unknown, Concatenate("all", after=("odd", "input"))], IMAGES)[-1].output.channels is None


@pytest.mark.parametrize(
    ("spec", "params", "mult_adds"),
    [
        (Conv("c", 240, 60, groups=3), 240 * 60 // 3, 81 * 240 * 60 // 3),
        (Conv("c", 16, 32, 3, 2, groups=4), 9 * 4 * 32, 25 * 9 * 4 * 32),
        (Conv("c", 8, 8, (1, 7)), 7 * 64, 81 * 7 * 64),
        (Conv("c", 8, 16, 3, dilation=2), 9 * 128, 81 * 9 * 128),
        (Depthwise("d", 8, 5, 2, dilation=2), 25 * 8, 25 * 25 * 8),
        *((spec, 0, 0) for spec in (Add("a"), Concatenate("c"), MaxPool("p", 3), AveragePool("p", 3, 2))),
        *(
            (spec, 0, 0)
            for spec in (
                ChannelSplit("s", 0, 4),
                ChannelShuffle("s", 2),
                Subsample("s", 2),
                ZeroPad("z", 1, 1),
            )
        ),
    ],
)
def test_only_kernels_are_counted(spec, params, mult_adds) -> None:
    assert (spec.params(), spec.mult_adds((9, 9))) == (params, mult_adds)
    assert math.prod(spec.variables()[0].shape if spec.variables() else (0,)) == params


@st.composite
def graphs(draw):
    """(width, specs): each takes any before it, and the last one all that nothing else takes."""
    width = draw(st.integers(1, 3)) * 2
    kinds = st.sampled_from(["conv", "grouped", "pool", "shuffle", "relu", "add"])
    specs, names = [], ["input"]
    for number, kind in enumerate(draw(st.lists(kinds, max_size=8))):
        after = (draw(st.sampled_from(names)),)
        name = f"s{number}"
        match kind:
            case "conv":
                specs.append(Conv(name, width, width, after=after))
            case "grouped":
                specs.append(Conv(name, width, width, 3, groups=2, after=after))
            case "pool":
                specs.append(MaxPool(name, 3, after=after))
            case "shuffle":
                specs.append(ChannelShuffle(name, 2, after=after))
            case "relu":
                specs.append(Activation(name, "relu", after=after))
            case "add":
                specs.append(Add(name, after=(*after, draw(st.sampled_from(names)))))
        names.append(name)
    taken = {source for spec in specs for source in spec.after}
    loose = tuple(name for name in names if name not in taken)
    return width, [*specs, Concatenate("join", after=loose + ("input",))]


@given(graphs())
def test_every_spec_of_a_graph_comes_after_all_that_it_takes_and_leads_to_the_result(graph) -> None:
    width, specs = graph
    steps = walk(specs, Shape(4, 4, width))
    assert [step.spec for step in steps] == specs
    shapes = {"input": Shape(4, 4, width)}
    for step in steps:
        assert step.inputs == tuple(shapes[name] for name in step.sources)
        shapes[step.spec.name] = step.output
    assert steps[-1].output == Shape(4, 4, width * len(specs[-1].after))
    assert {name for step in steps for name in step.sources} == shapes.keys() - {"join"}


@given(graphs(), st.randoms(use_true_random=False))
def test_an_order_is_accepted_exactly_if_everything_comes_after_what_it_takes(graph, random) -> None:
    width, specs = graph
    *others, join = specs
    random.shuffle(others)
    place = {spec.name: number for number, spec in enumerate(others)}
    sorted_well = all(place.get(name, -1) < place[spec.name] for spec in others for name in spec.after)
    if sorted_well:
        assert walk([*others, join], Shape(4, 4, width))[-1].output.size == (4, 4)
    else:
        with pytest.raises(InputError, match="which is not before it; change their order"):
            walk([*others, join], Shape(4, 4, width))

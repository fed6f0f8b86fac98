"""Weight inheritance against a twin that follows Algorithm 3 index by index."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eatnas_tf.layers import BatchNorm, Concatenate, Conv, Frame, expand
from eatnas_tf.network.inheritance import Origin, graft, inherit, summary
from eatnas_tf.network.initial import initial_weights
from eatnas_tf.space import Architecture

FRAME = Frame(8, 1, 3, stem_filters=4, stem_stride=1, strides=(1, 2), head_filters=5)
BASE = "mb3_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1"


def networks(child, parent, child_frame=FRAME, parent_frame=FRAME):
    return (expand(Architecture.parse(child), child_frame), expand(Architecture.parse(parent), parent_frame))


def trained_weights(network, seed=1):
    """Values of which no two are alike, batch normalisation's too."""
    rng = np.random.default_rng(seed)
    fresh = initial_weights(network, np.random.default_rng(0))
    return {name: rng.standard_normal(value.shape).astype(np.float32) for name, value in fresh.items()}


def inherited(child, parent, child_frame=FRAME, parent_frame=FRAME, flexible=False):
    child_network, parent_network = networks(child, parent, child_frame, parent_frame)
    fresh = initial_weights(child_network, np.random.default_rng(2))
    trained = trained_weights(parent_network)
    weights, origins = inherit(child_network, parent_network, fresh, trained, flexible)
    return fresh, trained, weights, origins


def twin(child, parent, fresh, trained, same_classes=True, flexible=False):
    """The weights that Algorithm 3 gives, read off the two codes and the variables' names."""
    weights = {}
    for name, target in fresh.items():
        source = trained.get(name)
        if source is None or not twin_inherits(child, parent, name, same_classes, flexible):
            weights[name] = target
        else:
            weights[name] = twin_graft(source, target, centred=flexible)
    return weights


def twin_inherits(child, parent, name, same_classes, flexible):
    place = re.match(r"block(\d+)_layer(\d+)_", name)
    if place is None:
        return same_classes or not name.startswith("head_dense")
    block, layer = int(place[1]), int(place[2])
    ours, theirs = (Architecture.parse(code)[block - 1] for code in (child, parent))
    if layer > theirs["depth"]:
        return False
    if flexible:
        return ours["conv"][:2] == theirs["conv"][:2] and ours["kernel"] <= theirs["kernel"]
    return ours["conv"] == theirs["conv"] and ours["kernel"] == theirs["kernel"]


def twin_graft(source, target, centred=False):
    result = np.empty_like(target)
    for index in np.ndindex(target.shape):
        place = list(index)
        if centred and target.ndim == 4:
            place[0] += (source.shape[0] - target.shape[0]) // 2
            place[1] += (source.shape[1] - target.shape[1]) // 2
        inside = all(0 <= at < size for at, size in zip(place, source.shape, strict=True))
        result[index] = source[tuple(place)] if inside else target[index]
    return result


def assert_same(weights, expected):
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(weights[name], value, err_msg=name)


CASES = {  # child, and some of the origins that it must have when its parent is BASE
    "the same": (
        BASE,
        {
            "block1_layer1_expand/kernel": "copied",
            "block2_layer1_shortcut/kernel": "copied",
            "stem_conv/kernel": "copied",
            "head_conv/kernel": "copied",
            "head_dense/bias": "copied",
        },
    ),
    "wider": (
        "mb3_k3_s1_w2.0_d2-sep_k5_s1_w2.0_d1",
        {
            "block1_layer1_expand/kernel": "copied",
            "block1_layer1_project/kernel": "sliced",
            "block1_layer1_shortcut_bn/moving_variance": "sliced",
            "block1_layer2_depthwise/kernel": "sliced",
            "block2_layer1_pointwise/kernel": "sliced",
            "head_conv/kernel": "sliced",
            "head_bn/gamma": "copied",
        },
    ),
    "narrower": (
        "mb3_k3_s1_w0.5_d2-sep_k5_s1_w2.0_d1",
        {
            "block1_layer1_project_bn/beta": "sliced",
            "block1_layer2_expand/kernel": "sliced",
            "block2_layer1_depthwise_bn/moving_mean": "sliced",
            "head_conv/kernel": "sliced",
        },
    ),
    "deeper": (
        "mb3_k3_s1_w1.5_d4-sep_k5_s1_w2.0_d1",
        {
            "block1_layer2_project/kernel": "copied",
            "block1_layer3_project/kernel": "fresh",
            "block1_layer4_depthwise_bn/gamma": "fresh",
            "block2_layer1_pointwise/kernel": "copied",
        },
    ),
    "shallower": (
        "mb3_k3_s1_w1.5_d1-sep_k5_s1_w2.0_d1",
        {"block1_layer1_project/kernel": "copied", "block2_layer1_depthwise/kernel": "copied"},
    ),
    "another kernel": (
        "mb3_k5_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        {
            "block1_layer1_expand/kernel": "fresh",
            "block1_layer1_depthwise/kernel": "fresh",
            "block1_layer2_project_bn/gamma": "fresh",
            "block1_layer1_shortcut/kernel": "fresh",
            "block2_layer1_depthwise/kernel": "copied",
        },
    ),
    "a smaller kernel": (
        "mb3_k3_s1_w1.5_d2-sep_k3_s1_w2.0_d1",
        {
            "block2_layer1_depthwise/kernel": "fresh",
            "block2_layer1_pointwise/kernel": "fresh",
            "block1_layer2_depthwise/kernel": "copied",
        },
    ),
    "another op": (
        "sep_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        {
            "block1_layer1_depthwise_bn/gamma": "fresh",
            "block1_layer1_pointwise/kernel": "fresh",
            "block1_layer1_shortcut/kernel": "fresh",
            "block2_layer1_pointwise/kernel": "copied",
        },
    ),
    "another expansion ratio": (
        "mb6_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        {"block1_layer1_expand/kernel": "fresh", "block1_layer2_project/kernel": "fresh"},
    ),
    "no shortcut any more": (
        "mb3_k3_s0_w1.5_d2-sep_k5_s0_w2.0_d1",
        {"block1_layer1_expand/kernel": "copied", "block2_layer1_pointwise/kernel": "copied"},
    ),
    "a projection no longer needed": (
        "mb3_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1",
        {"block1_layer1_project/kernel": "sliced"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_child_inherits_what_algorithm_3_gives_it(case):
    child, expected = CASES[case]
    fresh, trained, weights, origins = inherited(child, BASE)
    assert_same(weights, twin(child, BASE, fresh, trained))
    assert {name: origins[name].value for name in expected} == expected


def test_a_projection_that_the_parent_lacks_is_fresh_and_its_layer_inherits_all_the_same():
    for parent in ("mb3_k3_s0_w1.5_d2-sep_k5_s1_w2.0_d1", "mb3_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1"):
        fresh, trained, weights, origins = inherited(BASE, parent)
        assert_same(weights, twin(BASE, parent, fresh, trained))
        for variable in ("shortcut/kernel", "shortcut_bn/gamma", "shortcut_bn/moving_mean"):
            assert origins[f"block1_layer1_{variable}"] is Origin.FRESH
        assert origins["block1_layer1_depthwise/kernel"] is Origin.COPIED


def test_the_hidden_channels_of_an_inverted_bottleneck_are_a_width_too():
    child = "mb3_k3_s1_w2.0_d2-sep_k5_s1_w2.0_d1"
    _, trained, weights, _ = inherited(child, BASE)
    kernel = weights["block1_layer2_expand/kernel"]
    assert kernel.shape == (1, 1, 8, 24)
    np.testing.assert_array_equal(kernel[:, :, :6, :18], trained["block1_layer2_expand/kernel"])
    depthwise = weights["block1_layer2_depthwise/kernel"]
    np.testing.assert_array_equal(depthwise[:, :, :18], trained["block1_layer2_depthwise/kernel"])


def test_only_the_dense_layer_is_fresh_for_other_classes_and_a_grey_stem_serves_the_first_colour():
    larger = Frame(16, 3, 7, stem_filters=4, stem_stride=2, strides=(2, 1), head_filters=5)
    fresh, trained, weights, origins = inherited(BASE, BASE, child_frame=larger)
    assert_same(weights, twin(BASE, BASE, fresh, trained, same_classes=False))
    assert {name for name, origin in origins.items() if origin is Origin.FRESH} == {
        "head_dense/kernel",
        "head_dense/bias",
    }
    assert origins["stem_conv/kernel"] is Origin.SLICED


def test_an_auxiliary_tower_is_fresh_and_accounted_for():
    child = expand(Architecture.parse(BASE), FRAME, auxiliary=True)
    fresh = initial_weights(child, np.random.default_rng(2))
    weights, origins = inherit(child, child, fresh, trained_weights(child))
    tower = {name for name in fresh if name.startswith("auxiliary_")}
    assert tower == {name for name, origin in origins.items() if origin is Origin.FRESH}
    assert all(weights[name] is fresh[name] for name in tower)


FLEXIBLE = {  # child, parent, origins
    "mb3 to mb6": (
        "mb6_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        BASE,
        {"block1_layer1_expand/kernel": "sliced", "block1_layer1_project/kernel": "sliced"},
    ),
    "mb6 to mb3": (
        BASE,
        "mb6_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        {"block1_layer1_expand/kernel": "sliced", "block1_layer2_depthwise_bn/gamma": "sliced"},
    ),
    "mb3 to mb1": (
        "mb1_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        BASE,
        {"block1_layer1_depthwise/kernel": "sliced", "block1_layer1_project/kernel": "sliced"},
    ),
    "mb1 to mb3": (
        BASE,
        "mb1_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1",
        {"block1_layer1_expand/kernel": "fresh", "block1_layer1_depthwise/kernel": "sliced"},
    ),
    "a larger kernel's centre": (
        BASE,
        "mb6_k7_s1_w1.0_d1-sep_k7_s1_w2.0_d1",
        {"block1_layer2_depthwise/kernel": "fresh", "block2_layer1_pointwise/kernel": "sliced"},
    ),
    "a smaller kernel": (
        BASE,
        "mb3_k3_s1_w1.5_d2-sep_k3_s1_w2.0_d1",
        {"block2_layer1_depthwise/kernel": "fresh", "block2_layer1_pointwise/kernel": "fresh"},
    ),
    "another op": ("sep_k3_s1_w1.5_d2-sep_k5_s1_w2.0_d1", BASE, {"block1_layer1_depthwise/kernel": "fresh"}),
}


@pytest.mark.parametrize("case", FLEXIBLE)
def test_flexible_inheritance_crosses_expansion_ratios_and_crops_larger_kernels(case):
    child, parent, expected = FLEXIBLE[case]
    fresh, trained, weights, origins = inherited(child, parent, flexible=True)
    assert_same(weights, twin(child, parent, fresh, trained, flexible=True))
    assert {name: origins[name].value for name in expected} == expected


def test_flexible_inheritance_takes_the_middle_3x3_of_a_7x7():
    child, parent = "sep_k3_s1_w1.0_d1-sep_k3_s1_w1.0_d1", "sep_k7_s1_w1.0_d1-sep_k7_s1_w1.0_d1"
    _, trained, weights, origins = inherited(child, parent, flexible=True)
    name = "block1_layer1_depthwise/kernel"
    np.testing.assert_array_equal(weights[name], trained[name][2:5, 2:5])
    cropped = {"block1_layer1_depthwise/kernel", "block2_layer1_depthwise/kernel"}
    assert {name for name, origin in origins.items() if origin is Origin.SLICED} == cropped
    assert {origin for name, origin in origins.items() if name not in cropped} == {Origin.COPIED}


def test_neither_the_fresh_nor_the_trained_weights_are_changed_and_the_summary_counts_every_variable():
    child, parent = networks(CASES["wider"][0], BASE)
    fresh, trained = initial_weights(child, np.random.default_rng(2)), trained_weights(parent)
    before = [{name: value.copy() for name, value in each.items()} for each in (fresh, trained)]
    _, origins = inherit(child, parent, fresh, trained)
    assert_same(fresh, before[0])
    assert_same(trained, before[1])
    counts = summary(origins)
    assert list(counts) == ["copied", "sliced", "fresh"]
    assert sum(counts.values()) == len(fresh)
    assert counts["fresh"] == 0


blocks = st.builds(
    "{}_k{}_s{}_w{}_d{}".format,
    st.sampled_from(["sep", "mb1", "mb3", "mb6"]),
    st.sampled_from([3, 5]),
    st.integers(0, 1),
    st.sampled_from([0.5, 1.0, 1.5]),
    st.integers(1, 2),
)
codes = st.lists(blocks, min_size=2, max_size=2).map("-".join)


@settings(max_examples=40, deadline=None)
@given(child=codes, parent=codes, flexible=st.booleans())
def test_any_child_of_any_parent_agrees_with_the_twin_and_tells_where_each_variable_came_from(
    child, parent, flexible
):
    fresh, trained, weights, origins = inherited(child, parent, flexible=flexible)
    assert_same(weights, twin(child, parent, fresh, trained, flexible=flexible))
    assert origins.keys() == fresh.keys()
    for name, origin in origins.items():
        untouched = weights[name] is fresh[name]
        assert untouched == (origin is Origin.FRESH), name
        if origin is Origin.COPIED:
            np.testing.assert_array_equal(weights[name], trained[name])
        if origin is Origin.SLICED:
            assert trained[name].shape != fresh[name].shape, name


channels = st.integers(1, 4)


@st.composite
def variables(draw):
    kernel = draw(st.sampled_from([(), (1, 1), (3, 3)]))
    rank = 2 if kernel else draw(st.integers(1, 2))
    shapes = [(*kernel, *(draw(channels) for _ in range(rank))) for _ in range(2)]
    return [np.random.default_rng(place).standard_normal(shape) for place, shape in enumerate(shapes)]


@given(variables())
def test_a_graft_has_the_channels_that_both_share_and_leaves_both_alone(pair):
    source, target = pair
    before = source.copy(), target.copy()
    np.testing.assert_array_equal(graft(source, target), twin_graft(source, target))
    np.testing.assert_array_equal(source, before[0])
    np.testing.assert_array_equal(target, before[1])


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((3, 3, 2, 2), (5, 5, 2, 2)),
        ((3, 3, 2, 2), (3, 5, 2, 2)),
        ((2, 2), (1, 1, 2, 2)),
        ((2,), (2, 2)),
    ],
)
def test_a_graft_refuses_another_rank_or_kernel_size(source, target):
    with pytest.raises(ValueError, match="rank or kernel size differ"):
        graft(np.zeros(source), np.zeros(target))


def test_fresh_kernels_are_he_normal_and_a_seed_repeats_them():
    network, _ = networks(BASE, BASE)
    first, again, other = (initial_weights(network, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert_same(first, again)
    assert not np.array_equal(first["stem_conv/kernel"], other["stem_conv/kernel"])
    kernel = initial_weights(
        expand(Architecture.parse("sep_k3_s0_w1.0_d1"), Frame(8, 16, 2, stem_filters=256, strides=(1,))),
        np.random.default_rng(0),
    )["stem_conv/kernel"]
    assert kernel.std() == pytest.approx(np.sqrt(2 / (3 * 3 * 16)), rel=0.02)  # 5 sigma of 36,864
    assert Conv("conv", 16, 256, 3).variables()[0].fan_in == 3 * 3 * 16


def grouped(groups, width, bottleneck=8):
    """A network of one layer: a convolution in groups, beside the input, joined and brought back."""
    specs = (
        Conv("grouped", 8, width, 3, groups=groups),
        BatchNorm("grouped_bn", width),
        Concatenate("join", after=("grouped_bn", "input")),
        Conv("back", width + 8, bottleneck),
    )
    plain = expand(Architecture.parse("sep_k3_s0_w1.0_d1"), Frame(8, 1, 3, 8, 1, (1,), 5))
    return replace(plain, layers=(replace(plain.layers[0], specs=specs),))


@pytest.mark.parametrize(
    ("parent", "origin"),
    [
        (grouped(2, 12), Origin.COPIED),
        (grouped(2, 16), Origin.SLICED),
        (grouped(2, 8), Origin.SLICED),
        (grouped(4, 12), Origin.FRESH),
        (grouped(1, 12), Origin.FRESH),
    ],
    ids=["same", "narrower", "wider", "more groups", "no groups"],
)
def test_a_grouped_convolution_inherits_from_one_of_as_many_groups(parent, origin):
    child = grouped(2, 12)
    fresh, trained = initial_weights(child, np.random.default_rng(2)), trained_weights(parent)
    weights, origins = inherit(child, parent, fresh, trained)
    assert origins["block1_layer1_grouped/kernel"] is origin
    assert origins["block1_layer1_grouped_bn/gamma"] is not Origin.FRESH
    assert origins["block1_layer1_back/kernel"] is not Origin.FRESH
    source = trained["block1_layer1_grouped/kernel"]
    expected = fresh if origin is Origin.FRESH else {**fresh, "block1_layer1_grouped/kernel": source}
    np.testing.assert_array_equal(
        weights["block1_layer1_grouped/kernel"],
        twin_graft(expected["block1_layer1_grouped/kernel"], fresh["block1_layer1_grouped/kernel"]),
    )

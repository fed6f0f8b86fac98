"""The space of a search: its size, its limits and its samples."""

import math
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eatnas_tf.errors import InputError
from eatnas_tf.space import (
    STANDARD,
    Architecture,
    ExpansionLimit,
    LayerLimit,
    Primitive,
    SearchSpace,
    search_space,
)
from eatnas_tf.space.primitives import positive_int
from eatnas_tf.space.widths import MOBILENET_V2_WIDTHS, block_widths

EIGHTHS = st.integers(1, 64).map(lambda eighths: eighths / 8)
CONV, KERNEL, SKIP, WIDTH, DEPTH = STANDARD


def _code(*blocks) -> Architecture:
    """An architecture of (width, depth) pairs."""
    return Architecture.parse("-".join(f"sep_k3_s1_w{width}_d{depth}" for width, depth in blocks))


@st.composite
def spaces(draw):
    """The paper's space with fewer choices and maybe limits; assumed not to be empty at sight."""
    primitives = tuple(
        primitive.restricted(
            tuple(draw(st.lists(st.sampled_from(primitive.choices), min_size=1, unique=True)))
        )
        for primitive in STANDARD
    )
    blocks = draw(st.integers(1, 7))
    limits = []
    if draw(st.booleans()):
        low = draw(st.integers(1, 20))
        limits.append(LayerLimit(low, low + draw(st.integers(2, 8))))
    if draw(st.booleans()):
        limits.append(ExpansionLimit(0.5, draw(st.sampled_from((2, 8, 64)))))
    try:
        return SearchSpace(blocks, primitives, tuple(limits))
    except InputError:
        assume(False)


def test_the_papers_space_holds_288_codes_a_block() -> None:
    assert SearchSpace().size == 288**7


@given(st.lists(EIGHTHS, min_size=1, max_size=7), st.integers(1, 64))
def test_a_width_is_the_rounded_input_width_times_its_factor(factors, stem) -> None:
    expected, width = [], stem
    for factor in factors:
        width = max(1, math.floor(Fraction(width) * Fraction(factor) + Fraction(1, 2)))
        expected.append(width)
    assume(max(expected) < 2**20)
    assert block_widths(factors, stem) == expected


@given(st.lists(EIGHTHS, min_size=1, max_size=7), st.integers(1, 64))
def test_a_width_may_be_mobilenets_times_its_factor(factors, stem) -> None:
    expected = [
        max(1, math.floor(Fraction(base) * Fraction(factor) + Fraction(1, 2)))
        for base, factor in zip(MOBILENET_V2_WIDTHS, factors, strict=False)
    ]
    assert block_widths(factors, stem, "mobilenet_v2") == expected


@pytest.mark.parametrize(
    ("factors", "stem", "base", "widths"),
    [
        ([0.5, 0.5, 0.5], 3, "input", [2, 1, 1]),
        ([1.5, 1.5], 5, "input", [8, 12]),
        ([5e-324], 32, "input", [1]),
        ([1.0] * 7, 32, "mobilenet_v2", [16, 24, 32, 64, 96, 160, 320]),
        ([0.5] * 7, 32, "mobilenet_v2", [8, 12, 16, 32, 48, 80, 160]),
    ],
)
def test_widths_round_half_up_and_stay_above_zero(factors, stem, base, widths) -> None:
    assert block_widths(factors, stem, base) == widths


def test_a_width_that_no_machine_could_build_is_refused() -> None:
    with pytest.raises(
        InputError, match="block 2, width: 64 x 1e\\+18 channels; expected fewer than 1048576"
    ):
        block_widths([2.0, 1e18], 32)


def test_the_eighth_block_has_no_mobilenet_width() -> None:
    with pytest.raises(
        InputError, match="block 8: width_base mobilenet_v2 knows 7 blocks; use --width_base=input"
    ):
        block_widths([1.0] * 8, 32, "mobilenet_v2")


@pytest.mark.parametrize(
    ("depths", "refusal"),
    [
        ((4, 4), None),
        ((4, 6), None),
        ((4, 3), "7 layers are not within 8 to 10"),
        ((9, 2), "11 layers are not within 8 to 10"),
    ],
)
def test_a_layer_limit_counts_all_layers(depths, refusal) -> None:
    assert LayerLimit(8, 10).refusal(_code(*((1.0, depth) for depth in depths))) == refusal


@pytest.mark.parametrize(
    ("base", "widths", "refusal"),
    [
        ("input", (2.0, 2.0), None),
        ("input", (1.0, 2.0), None),
        ("input", (2.0, 0.5), "total expansion 1 is not within 2 to 4"),
        ("input", (3.0, 2.0), "total expansion 6 is not within 2 to 4"),
        ("mobilenet_v2", (9.0, 3.0), None),
        ("mobilenet_v2", (9.0, 2.0), "total expansion 1.5 is not within 2 to 4"),
    ],
)
def test_an_expansion_limit_compares_the_final_width_with_the_stems(base, widths, refusal) -> None:
    assert ExpansionLimit(2, 4, 32, base).refusal(_code(*((width, 1) for width in widths))) == refusal


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"constraints": (LayerLimit(29, 40),)},
            "layers: no architecture has 29 to 40; 7 blocks can have 7 to 28",
        ),
        (
            {"constraints": (LayerLimit(1, 6),)},
            "layers: no architecture has 1 to 6; 7 blocks can have 7 to 28",
        ),
        (
            {"constraints": (LayerLimit(18, 16),)},
            "layers: no architecture has 18 to 16; 7 blocks can have 7 to 28",
        ),
        (
            {"constraints": (ExpansionLimit(200, 300),)},
            "expansion: no architecture has 200 to 300; 7 blocks can have 0.03125 to 128",
        ),
        (
            {"constraints": (ExpansionLimit(21, 30, 32, "mobilenet_v2"),)},
            "expansion: no architecture has 21 to 30; 7 blocks can have 5 to 20",
        ),
        (
            {"blocks": 8, "constraints": (ExpansionLimit(1, 30, 32, "mobilenet_v2"),)},
            "block 8: width_base mobilenet_v2 knows 7 blocks; use --width_base=input for more",
        ),
        (
            {"primitives": (CONV,), "constraints": (LayerLimit(1, 2),)},
            "layers limited in a space without depth; drop the limit",
        ),
        (
            {"primitives": (CONV,), "constraints": (ExpansionLimit(1, 2),)},
            "expansion limited in a space without width; drop the limit",
        ),
        ({"blocks": 0}, "blocks: 0 is not at least 1"),
        (
            {"primitives": (*STANDARD, Primitive("squeeze", "s", ("a",)))},
            "two primitives share the key 's'; rename one",
        ),
        (
            {"primitives": (*STANDARD, Primitive("skip", "sk", ("a",)))},
            "two primitives share the name 'skip'; rename one",
        ),
    ],
)
def test_a_space_that_holds_nothing_is_refused_with_what_is_possible(space, message) -> None:
    with pytest.raises(InputError) as refused:
        SearchSpace(**space)
    assert str(refused.value) == message


@given(spaces(), st.integers(0, 2**31))
def test_a_sample_lies_in_its_space(space, seed) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_space, "REDRAWS", 300)
        try:
            architecture = space.sample(Random(seed))
        except InputError:
            assume(False)
    assert architecture in space
    assert len(architecture) == space.blocks
    assert all(limit.refusal(architecture) is None for limit in space.constraints)
    assert all(
        block[primitive.name] in primitive.choices for block in architecture for primitive in space.primitives
    )
    assert space.sample(Random(seed)) == architecture


def test_redrawing_gives_up_naming_the_limit(monkeypatch) -> None:
    monkeypatch.setattr(search_space, "REDRAWS", 50)
    space = SearchSpace(2, STANDARD, (LayerLimit(3, 4),))
    with pytest.raises(InputError) as refused:
        space.redraw(lambda: _code((1.0, 1), (1.0, 1)))
    assert str(refused.value) == (
        "50 architectures drawn and none is allowed, most often because "
        "2 layers are not within 3 to 4; widen the limits"
    )


def test_redrawing_returns_the_first_that_is_allowed() -> None:
    drawn = iter([_code((1.0, 1), (1.0, 1)), _code((1.0, 2), (1.0, 1)), _code((1.0, 2), (1.0, 2))])
    assert SearchSpace(2, STANDARD, (LayerLimit(3, 4),)).redraw(lambda: next(drawn)) == _code(
        (1.0, 2), (1.0, 1)
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sep_k3_s1_w1.0_d1", "sep_k3_s1_w1.0_d1 has 1 blocks; expected 2"),
        ("sep_k3_s1_w1.0_d1-sep_k4_s1_w1.0_d1", "block 2, kernel: 4 is not one of 3, 5, 7"),
        ("mb4_k3_s1_w1.0_d1-sep_k3_s1_w1.0_d1", "block 1, conv: mb4 is not one of sep, mb3, mb6"),
        ("sep_k3_s1_w0.75_d1-sep_k3_s1_w1.0_d1", "block 1, width: 0.75 is not one of 0.5, 1.0, 1.5, 2.0"),
    ],
)
def test_an_outsider_is_refused_by_block_and_primitive(code, message) -> None:
    architecture = Architecture.parse(code)
    assert architecture not in SearchSpace(2)
    with pytest.raises(InputError) as refused:
        SearchSpace(2).refuse_outsider(architecture)
    assert str(refused.value) == message


def test_a_code_is_completed_by_the_defaults_of_its_space() -> None:
    groups = Primitive("groups", "g", (1, 2), positive_int, default=1)
    space = SearchSpace(1, (*STANDARD, groups))
    bare = Architecture.parse("sep_k3_s1_w1.0_d1")
    assert bare not in space
    assert str(space.complete(bare)) == "sep_k3_s1_w1.0_d1_g1"
    assert space.complete(bare) in space


def test_a_primitive_that_a_space_lacks_is_named() -> None:
    with pytest.raises(InputError, match="no primitive 'groups' among conv, kernel, skip, width, depth"):
        SearchSpace().primitive("groups")


def test_keys_that_make_a_code_ambiguous_are_refused() -> None:
    short = Primitive("short", "a", ("b1", "c"))
    with pytest.raises(InputError, match=r"primitive short: .* does not read back; use another key"):
        SearchSpace(2, (short, Primitive("long", "ab", ("1", "2"))))

"""Codes: what they read and write, and how they refuse."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.space import STANDARD, Architecture, Block, Change, Primitive, differences
from eatnas_tf.space.primitives import positive_float, positive_int, zero_or_one

CODE = "mb6_k3_s1_w1.0_d2-sep_k5_s0_w2.0_d1"
PATTERN = "CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH"
SQUEEZE = Primitive("squeeze", "se", (0.25, 1.0), positive_float, default=1.0)
GROUPS = Primitive("groups", "g", (1, 2, 4), positive_int, default=1)
ACTIVATION = Primitive("activation", "act", ("relu", "hswish"), default="relu")

WORDS = st.text("abcXYZ019.", min_size=1, max_size=6)
WIDTHS = st.floats(min_value=5e-324, max_value=9e18)
WHOLE = st.integers(1, 999)
VALUES = {
    "conv": WORDS,
    "kernel": WHOLE,
    "skip": st.integers(0, 1),
    "width": WIDTHS,
    "depth": WHOLE,
    "squeeze": WIDTHS,
    "groups": WHOLE,
    "activation": WORDS,
}
KINDS = ((positive_int, WHOLE), (positive_float, WIDTHS), (zero_or_one, st.integers(0, 1)))


@st.composite
def architectures(draw, primitives=STANDARD):
    blocks = st.fixed_dictionaries({primitive.name: VALUES[primitive.name] for primitive in primitives})
    return Architecture(
        tuple(Block.of(primitives, **block) for block in draw(st.lists(blocks, min_size=1, max_size=8)))
    )


@st.composite
def spaces_of_numbers(draw):
    """(primitives of one's own with keys that may begin each other, a strategy for the values of each)."""
    keys = draw(st.lists(st.text("ase", min_size=1, max_size=3), min_size=1, max_size=6, unique=True))
    primitives, values = [], {}
    for number, key in enumerate(keys):
        parse, strategy = draw(st.sampled_from(KINDS))
        choices = tuple(draw(st.lists(strategy, min_size=1, max_size=4, unique=True)))
        default = draw(st.none() | st.sampled_from(choices))
        primitives.append(Primitive(f"own{number}", key, choices, parse, default))
        values[f"own{number}"] = strategy
    return tuple(primitives), values


@given(architectures())
def test_an_architecture_survives_its_text(architecture) -> None:
    assert Architecture.parse(str(architecture), STANDARD) == architecture
    assert str(Architecture.parse(str(architecture), STANDARD)) == str(architecture)


@given(architectures())
def test_an_architecture_survives_its_json(architecture) -> None:
    assert Architecture.from_json(architecture.to_json()) == architecture


@given(architectures((*STANDARD, SQUEEZE, GROUPS, ACTIVATION)))
def test_a_plugins_primitives_survive_text_and_json_beside_the_five(architecture) -> None:
    primitives = (*STANDARD, SQUEEZE, GROUPS, ACTIVATION)
    assert Architecture.parse(str(architecture), primitives) == architecture
    assert Architecture.from_json(architecture.to_json(), primitives) == architecture


@given(st.data())
def test_a_space_of_ones_own_survives_text_and_json(data) -> None:
    primitives, values = data.draw(spaces_of_numbers())
    block = data.draw(st.fixed_dictionaries(values))
    architecture = Architecture((Block.of(primitives, **block),) * 2)
    assert Architecture.parse(str(architecture), primitives) == architecture
    assert Architecture.from_json(architecture.to_json(), primitives) == architecture


@given(architectures((*STANDARD, SQUEEZE, GROUPS, ACTIVATION)))
def test_a_value_in_a_code_holds_neither_dash_nor_underscore(architecture) -> None:
    assert all(token.count("_") == 7 for token in str(architecture).split("-"))
    assert str(architecture).count("-") == len(architecture) - 1


@given(WIDTHS)
def test_a_width_is_written_without_an_exponent_and_read_exactly(width) -> None:
    text = STANDARD[3].text(width)
    assert set(text) <= set("0123456789.")
    assert STANDARD[3].value(text) == width


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.replace("w1.0", "w1"),
        CODE.replace("w1.0", "w01.00"),
        f" {CODE}\n",
        "k3_mb6_s1_w1.0_d2".replace("k3_mb6", "mb6_d2_k3").removesuffix("_d2"),
    ],
)
def test_a_code_may_be_written_in_other_ways_and_is_printed_in_one(text) -> None:
    assert str(Architecture.parse(text)).split("-")[0] == "mb6_k3_s1_w1.0_d2"


def test_a_code_without_a_plugins_primitive_takes_its_default_in_a_space_that_has_it() -> None:
    assert (
        dict(Block.of((*STANDARD, SQUEEZE), conv="sep", kernel=3, skip=1, width=1, depth=1))["squeeze"] == 1.0
    )


def test_the_longest_key_that_fits_is_read() -> None:
    block = Block.parse("mb6_k3_s1_w1.0_d2_se0.25", (*STANDARD, SQUEEZE))
    assert (block["skip"], block["squeeze"]) == (1, 0.25)


def test_a_shorter_key_does_not_take_a_longer_ones_value() -> None:
    block = Block.parse("actrelu_ax", (Primitive("any", "a", ("x", "y")), ACTIVATION))
    assert dict(block) == {"any": "x", "activation": "relu"}


def test_a_registered_plugins_primitive_is_read_without_being_named(monkeypatch) -> None:
    monkeypatch.setitem(registry._added["primitives"], "squeeze", SQUEEZE)
    text = "mb6_k3_s1_w1.0_d2_se0.25-sep_k5_s0_w2.0_d1"
    architecture = Architecture.parse(text)
    assert str(architecture) == text
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert "squeeze" not in Architecture.parse(CODE)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "block 1, conv: '' is not a word of letters, digits and dots"),
        (f"{CODE}-", "block 3, conv: '' is not a word of letters, digits and dots"),
        ("mb 6_k3_s1_w1.0_d2", "block 1, conv: 'mb 6' is not a word of letters, digits and dots"),
        ("mb6_k3.5_s1_w1.0_d2", "block 1, kernel: '3.5' is not a whole number from 1 to 999"),
        ("mb6_k03_s1_w1.0_d2", "block 1, kernel: '03' is not a whole number from 1 to 999"),
        ("mb6_k1000_s1_w1.0_d2", "block 1, kernel: '1000' is not a whole number from 1 to 999"),
        ("mb6_k\u0663_s1_w1.0_d2", "block 1, kernel: '\u0663' is not a whole number from 1 to 999"),
        (f"{CODE}-mb6_k3_s2_w1.0_d2", "block 3, skip: '2' is not 0 or 1"),
        ("mb6_k3_s1_w0_d2", "block 1, width: '0' is not a number above 0"),
        ("mb6_k3_s1_wnan_d2", "block 1, width: 'nan' is not a number above 0"),
        ("mb6_k3_s1_w1e3_d2", "block 1, width: '1e3' is not a number above 0"),
        ("mb6_k3_s1_w1.0_d0", "block 1, depth: '0' is not a whole number from 1 to 999"),
        ("mb6_k3_s1_w1.0", f"block 1, depth is missing; expected {PATTERN}"),
        ("mb6", f"block 1, kernel is missing; expected {PATTERN}"),
        ("mb6_k3_k5_s1_w1.0_d2", f"block 1, kernel is given twice; expected {PATTERN}"),
        (
            "mb6_k3_s1_w1.0_d2_x1",
            f"block 1, 'x1' is no primitive; expected {PATTERN}; one of your own needs --plugins",
        ),
        (
            "mb6_K3_s1_w1.0_d2",
            f"block 1, 'K3' is no primitive; expected {PATTERN}; one of your own needs --plugins",
        ),
        (
            "mb6__k3_s1_w1.0_d2",
            f"block 1, '' is no primitive; expected {PATTERN}; one of your own needs --plugins",
        ),
    ],
)
def test_a_wrong_code_is_refused_by_block_and_primitive(text, message) -> None:
    with pytest.raises(InputError) as refused:
        Architecture.parse(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "'[{' is not JSON; expected a list of objects, one a block"),
        ("{}", "'{}' is not a list of objects; expected one object a block"),
        ("[1]", "'[1]' is not a list of objects; expected one object a block"),
        ("[]", "an architecture needs at least one block"),
        ("[{}]", f"block 1, conv is missing; expected {PATTERN}"),
        (
            '[{"conv": "mb6", "kernel": 3, "skip": true, "width": 1, "depth": 1}]',
            "block 1, skip: True is not a word or a number",
        ),
        (
            '[{"conv": "mb6", "kernel": null, "skip": 1, "width": 1, "depth": 1}]',
            "block 1, kernel: None is not a word or a number",
        ),
        (
            '[{"conv": "mb6", "kernel": -3, "skip": 1, "width": 1, "depth": 1}]',
            "block 1, kernel: '-3' is not a whole number from 1 to 999",
        ),
        (
            '[{"conv": "mb6", "kernel": 3, "skip": 1, "width": NaN, "depth": 1}]',
            "block 1, width: 'NaN' is not a number above 0",
        ),
        (
            '[{"conv": "mb6", "kernal": 3}]',
            "block 1, no primitive 'kernal' among conv, kernel, skip, width, depth; "
            "one of your own needs --plugins",
        ),
        ("[" * 100_000, f"{'[' * 40!r} is not JSON; expected a list of objects, one a block"),
    ],
)
def test_wrong_json_is_refused_by_block_and_primitive(text, message) -> None:
    with pytest.raises(InputError) as refused:
        Architecture.from_json(text)
    assert str(refused.value) == message


ANYTHING = st.text(st.characters(exclude_categories=()))  # half surrogates, too


def spliced(text, other):
    """`text` with some of it replaced by what `other` draws."""
    return st.builds(
        lambda place, size, put: text[:place] + put + text[place + size :],
        st.integers(0, len(text)),
        st.integers(0, 4),
        other,
    )


@given(
    ANYTHING
    | st.text("-_kswdmbep0123456789.")
    | st.from_regex(r"(mb[0-9]_k[0-9]_s[0-9]_w[0-9.]+_d[0-9]-?){1,3}")
    | spliced(CODE, ANYTHING | st.sampled_from(["-", "_", "0", "9" * 400, "\n", "k3", "\u0663"]))
)
def test_any_text_is_read_or_refused(text) -> None:
    try:
        architecture = Architecture.parse(text)
    except InputError:
        return
    assert Architecture.parse(str(architecture)) == architecture


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["conv", "kernel", "skip", "width", "depth", "x"]), JSON))


@given(JSON | ROWS)
def test_any_json_is_read_or_refused(value) -> None:
    try:
        architecture = Architecture.from_json(json.dumps(value))
    except InputError:
        return
    assert Architecture.from_json(architecture.to_json()) == architecture


@given(
    ANYTHING
    | spliced(Architecture.parse(CODE).to_json(), ANYTHING | st.sampled_from(["[", "e999", "1", "-"]))
)
def test_any_text_as_json_is_read_or_refused(text) -> None:
    try:
        architecture = Architecture.from_json(text)
    except InputError:
        return
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert Architecture.parse(str(architecture)) == architecture


def test_an_edit_returns_a_new_value_and_leaves_the_old_one() -> None:
    old = Architecture.parse(CODE)
    new = old.replace(1, kernel=7, depth=3)
    assert str(old) == CODE
    assert differences(old, new) == (Change(2, "kernel", 5, 7), Change(2, "depth", 1, 3))
    assert hash(new.replace(1, kernel=5, depth=1)) == hash(old)
    with pytest.raises(
        InputError,
        match="no primitive 'kernal' among conv, kernel, skip, width, depth",
    ):
        old.replace(0, kernal=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("two words", "k", (1,)),
            "primitive name 'two words' is not a word; use letters, digits and underscores",
        ),
        (("own", "K", (1,)), "primitive own: key 'K' is not a lower-case word such as 'k' or 'se'"),
        (("own", "k1", (1,)), "primitive own: key 'k1' is not a lower-case word such as 'k' or 'se'"),
        (("own", "k", ()), "primitive own: no choices; give at least one value"),
        (("own", "k", ("a", "b", "a")), "primitive own: a, b, a names a value twice"),
        (("own", "k", ("a-b",)), "own: 'a-b' is not a word of letters, digits and dots"),
        (("own", "k", (3,)), "primitive own: 3 does not survive being written and read"),
    ],
)
def test_a_primitive_that_no_code_could_hold_is_refused(arguments, message) -> None:
    with pytest.raises(InputError) as refused:
        Primitive(*arguments)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["primitives", "cls"])
def test_a_json_key_named_like_an_argument_is_refused(name) -> None:
    with pytest.raises(InputError, match=f"no primitive '{name}' among"):
        Architecture.from_json(f'[{{"{name}": 1}}]')

"""What every dataset must be."""

import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.training import checks

IMAGES = np.zeros((6, 4, 4, 3), np.uint8)
WHOLE = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize(
    "labels",
    [
        WHOLE,
        WHOLE[:, None],
        WHOLE.astype(np.uint8),
        WHOLE.astype(np.float32),
        WHOLE.astype(np.float64)[:, None],
        WHOLE.astype(np.float16),
    ],
    ids=["int64", "column", "uint8", "float32", "float column", "float16"],
)
def test_whole_labels_are_taken_in_whatever_type_they_come(labels) -> None:
    found = checks.labels_of("data", "y", labels, 6)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, WHOLE)


def test_truth_values_are_the_labels_0_and_1() -> None:
    assert checks.labels_of("data", "y", WHOLE == 2, 6).tolist() == [0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (WHOLE + 0.5, "y is float64 (6,); expected 6 whole numbers"),
        (np.where(WHOLE == 2, np.nan, WHOLE), "y is float64 (6,); expected 6 whole numbers"),
        (WHOLE.astype(complex), "y is complex128 (6,); expected 6 whole numbers"),
        (np.float32(3), "y is float32 (); expected 6 whole numbers"),
        (np.eye(3)[WHOLE], "y is float64 (6, 3); expected 6 whole numbers: one-hot labels become numbers by"),
        (WHOLE.astype(str), "y is <U21 (6,); expected 6 whole numbers: give numbers and names, classes, y ="),
        (WHOLE.astype(bytes), "y is |S21 (6,); expected 6 whole numbers: give numbers and names, classes,"),
        (np.array([*"abcab", None], object), "y is object (6,); expected 6 whole numbers: give numbers and"),
        (np.full(6, 1e30), "y has labels from 1e+30 to 1e+30; expected classes counted from 0"),
    ],
)
def test_other_labels_are_refused_with_what_makes_them_whole(labels, message) -> None:
    with pytest.raises(InputError) as refused:
        checks.labels_of("data", "y", np.asarray(labels), 6)
    assert str(refused.value).startswith(f"data: {message}")


RANDOM = np.random.default_rng(0).random((6, 4, 4, 3))
OTHER_TYPES = {
    "0 to 1": (RANDOM, RANDOM * 255),
    "0 to 1 in halves": (RANDOM.astype(np.float16), RANDOM * 255),
    "-1 to 1": (RANDOM * 2 - 1, RANDOM * 255),
    "0 to 255 in floats": (RANDOM.astype(np.float32) * 255, RANDOM * 255),
    "0 to 255 in int64": ((RANDOM * 256).astype(np.int64), RANDOM * 255),
    "16 bit": ((RANDOM * 65_536).astype(np.uint16), RANDOM * 255),
    "12 bit": ((RANDOM * 4096).astype(np.int32), RANDOM * 255),
    "truth": (RANDOM > 0.5, (RANDOM > 0.5) * 255),
}


@pytest.mark.parametrize("case", OTHER_TYPES)
def test_images_of_another_type_are_refused_with_an_expression_that_makes_them_right(case) -> None:
    x, expected = OTHER_TYPES[case]
    with pytest.raises(InputError, match="expected uint8") as refused:
        checks.images_of("data", "x", x)
    how = str(refused.value).partition("give it as ")[2].partition(", its values")[0]
    found = eval(how, {"x": x})
    np.testing.assert_allclose(checks.images_of("data", "x", found), expected, atol=2)


@pytest.mark.parametrize(
    "values", [RANDOM * 1000, np.full((6, 4, 4, 3), np.nan), np.full((6, 4, 4, 3), -7), RANDOM * 10**6]
)
def test_images_of_no_clear_range_are_refused_without_a_guess(values) -> None:
    with pytest.raises(InputError, match=r"expected uint8 .*: give it scaled to 0 to 255, its values being"):
        checks.images_of("data", "x", values)


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((6, 3, 4, 4), r"its channels come first; give np\.moveaxis\(x, 1, -1\)"),
        ((6, 1, 4, 4), r"its channels come first; give np\.moveaxis\(x, 1, -1\)"),
        ((6, 4, 4, 4), r"drop the transparency, x\[\.\.\., :3\]"),
        ((6, 4, 4, 2), r"drop the transparency, x\[\.\.\., :1\]"),
        ((6, 4, 4, 13), "it has 13"),
    ],
)
def test_images_have_1_or_3_channels_in_the_last_axis(shape, advice) -> None:
    with pytest.raises(InputError, match=f"with 1 or 3 channels: {advice}$"):
        checks.images_of("data", "x", np.zeros(shape, np.uint8))


def test_grey_images_may_come_without_a_channel() -> None:
    assert checks.images_of("data", "x", np.zeros((6, 4, 4), np.uint8)).shape == (6, 4, 4, 1)
    assert checks.images_of("data", "x", IMAGES) is IMAGES


def test_one_class_is_refused_even_where_two_are_named() -> None:
    for names in (None, ["cat", "dog"]):
        with pytest.raises(
            InputError, match="data: all labels of y are 1; expected classes, two at the least"
        ):
            checks.classes_of("data", "y", np.ones(6, np.int32), names)


def test_labels_from_1_are_refused_unless_all_classes_are_named() -> None:
    with pytest.raises(
        InputError, match="y has labels from 1 to 3; expected classes counted from 0: give y - 1"
    ):
        checks.classes_of("data", "y", WHOLE + 1, None)
    assert checks.classes_of("data", "y", WHOLE + 1, ["none", *"abc"]) == ("none", *"abc")


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b", "c"],
        np.array(["a", "b", "c"]),
        np.array([[b"a"], [b"b"], [b"c"]]),
        {"c": 2, "a": 0, "b": 1},
        {2: "c", 0: "a", 1: "b"},
        {"b": np.int64(1), "a": np.int64(0), "c": np.int64(2)},
    ],
)
def test_names_of_classes_come_in_the_order_of_their_labels(names) -> None:
    assert checks.class_names("data", names, 3) == ("a", "b", "c")


def test_whole_numbers_are_names_too() -> None:
    assert checks.class_names("data", [0, 1], 2) == ("0", "1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("abc", "classes is str; expected a list of names, one a label from 0"),
        ({"a", "b", "c"}, "classes is set; expected a list of names, one a label from 0"),
        (3, "classes is int; expected a list of names, one a label from 0"),
        ({"a": 1, "b": 2, "c": 3}, "classes is a dict; expected its names with the labels 0, 1, … of each"),
        (["a", "b"], "2 names in classes, labels up to 2"),
        (["a", "b", "a"], "classes names 'a' twice; give every class its own name"),
        ([1, "1", 2], "classes names '1' twice; give every class its own name"),
    ],
)
def test_what_names_no_classes_is_refused(names, message) -> None:
    with pytest.raises(InputError) as refused:
        checks.class_names("data", names, 3)
    assert str(refused.value) == f"data: {message}"

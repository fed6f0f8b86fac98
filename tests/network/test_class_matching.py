"""Classes of a dataset against those of a model."""

import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.network import class_matching
from eatnas_tf.network.class_matching import match, reordered, same

KNOWN = ("zebra", "ant", "bee")


def test_classes_are_matched_by_name_in_any_order_and_may_be_fewer() -> None:
    assert match(("ant", "bee", "zebra"), KNOWN, "x") == ((1, 2, 0), True)
    assert match(("bee", "zebra"), KNOWN, "x") == ((2, 0), True)


def test_numbers_stand_for_names_by_position_if_there_are_as_many() -> None:
    assert match(("0", "1", "2"), KNOWN, "x") == ((0, 1, 2), False)
    assert match(KNOWN, ("0", "1", "2"), "x") == ((0, 1, 2), False)
    numbers = [str(number) for number in range(11)]
    assert match(sorted(numbers), numbers, "x") == ((0, 1, 10, *range(2, 10)), True)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (
            ("ant", "cow"),
            "x has classes that the model does not know: 'cow'; the model also knows 'zebra', 'bee'…",
        ),
        (
            (*KNOWN, "cow"),
            "x has classes that the model does not know: 'cow'; the model also knows no others…",
        ),
        (("Ant", "bee", "zebra"), "x has classes that the model does not know: 'Ant'…"),
        (("0", "1"), "x has 2 classes, the model knows 3, and names are missing on one side…"),
        (tuple("abcdefg"), "x has classes that the model does not know: 'a', 'b', 'c', 'd', 'e' and 2 more…"),
    ],
)
def test_classes_that_the_model_does_not_know_are_refused_by_name(classes, message) -> None:
    with pytest.raises(InputError) as refused:
        match(classes, KNOWN, "x")
    assert str(refused.value).startswith(message.removesuffix("…"))


def test_the_dense_layer_is_inherited_by_the_names_of_its_outputs() -> None:
    weights = {
        "head_dense/kernel": np.arange(6.0).reshape(2, 3),
        "head_dense/bias": np.arange(3.0),
        "stem_conv/kernel": np.arange(3.0),
    }
    turned = reordered(weights, KNOWN, ("ant", "bee", "zebra"))
    assert turned["head_dense/bias"].tolist() == [1, 2, 0]
    assert turned["head_dense/kernel"].tolist() == [[1, 2, 0], [4, 5, 3]]
    assert turned["stem_conv/kernel"].tolist() == [0, 1, 2]
    assert reordered(weights, KNOWN, ("0", "1", "2"))["head_dense/bias"].tolist() == [0, 1, 2]
    for others in (("ant", "bee", "cow"), ("ant", "bee"), ("0", "1")):
        assert not same(others, KNOWN)
        assert set(reordered(weights, KNOWN, others)) == {"stem_conv/kernel"}
    assert class_matching.unnamed(("0", "1"))

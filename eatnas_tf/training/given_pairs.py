"""The (image, label) pairs of a tf.data.Dataset that a program hands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training.checks import CHANNELS

if TYPE_CHECKING:
    import tensorflow as tf

COMPARED = 64  # pairs of two passes that tell whether the order stays
ANOTHER_ORDER = (
    "hand in one without shuffle and random changes, such as image_dataset_from_directory(…, shuffle=False)"
)


def pairs_of(where: str, part: str, given: Any) -> tuple[tf.data.Dataset, int]:
    """(image, label) pairs one by one, and the images' channels. Raises InputError."""
    spec = getattr(given, "element_spec", None)
    if not isinstance(spec, tuple) or len(spec) != 2 or not all(hasattr(one, "dtype") for one in spec):
        raise InputError(
            f"{where}: {part} is {type(given).__name__}; expected (images, labels), "
            "or a tf.data.Dataset of such pairs"
        )
    if int(given.cardinality()) == -1:  # INFINITE_CARDINALITY
        raise InputError(f"{where}: {part} never ends; hand it in without repeat()")
    batched = spec[0].shape.rank == 4
    image, label = (one.shape[batched:] for one in spec)
    if spec[0].dtype != "uint8" or image.rank != 3 or image[-1] not in CHANNELS:
        raise InputError(
            f"{where}: images of {part} are {spec[0].dtype.name} {spec[0].shape}; "
            f"expected uint8 (height, width, channels), 0 to 255, with 1 or 3 channels"
            f"{_as_uint8(given, spec[0].dtype)}"
        )
    _refuse_labels(where, part, spec[1].dtype, label)
    return given.unbatch() if batched else given, image[-1]


def _refuse_labels(where: str, part: str, dtype: tf.DType, shape: tf.TensorShape) -> None:
    if (dtype.is_integer or dtype.is_bool or dtype.is_floating) and shape.as_list() in ([], [1]):
        return
    one_hot = ": one-hot labels become numbers by .map(lambda image, label: (image, tf.argmax(label, -1)))"
    raise InputError(
        f"{where}: labels of {part} are {dtype.name} {shape}; expected a whole number an image"
        f"{one_hot if shape.rank == 1 else ''}"
    )


def _as_uint8(given: tf.data.Dataset, dtype: tf.DType) -> str:
    """What makes uint8 images of these, by the values of the first ones."""
    if not dtype.is_floating:
        return ""
    low, high = _range(given)
    scaled = {(0, 1): "image * 255", (0, 255): "image"}
    for (lowest, highest), pixels in scaled.items():
        if lowest <= low and high <= highest:
            how = f".map(lambda image, label: (tf.cast(tf.round({pixels}), tf.uint8), label))"
            return f"; the first have {low:g} to {high:g}: use {how}" + _unshuffled(given)
    return f"; the first have {low:g} to {high:g}: scale all of them by one rule"


def _range(given: tf.data.Dataset) -> tuple[float, float]:
    images = [np.asarray(image) for image, _ in given.take(COMPARED).as_numpy_iterator()]
    values = [(image.min(), image.max()) for image in images if image.size]
    return (min(low for low, _ in values), max(high for _, high in values)) if values else (0.0, 0.0)


def _unshuffled(given: tf.data.Dataset) -> str:
    try:
        for _ in in_order("", given.take(COMPARED)):
            pass
    except InputError:
        return f", and {ANOTHER_ORDER}"
    return ""


def in_order(where: str, pairs: tf.data.Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pairs as arrays. Raises InputError if the first ones are others in a second pass.

    A search that goes on would then train on images that it validated on before.
    """
    again = pairs.take(COMPARED).as_numpy_iterator()
    for number, pair in enumerate(pairs.as_numpy_iterator()):
        other = next(again, None) if number < COMPARED else pair
        if other is None or not all(map(np.array_equal, pair, other)):
            raise InputError(f"{where} comes in another order in every pass; {ANOTHER_ORDER}")
        yield pair


def with_whole_labels(pairs: tf.data.Dataset) -> tf.data.Dataset:
    """The pairs with labels as the feeds take them: whole numbers of shape ()."""
    import tensorflow as tf

    label = pairs.element_spec[1]
    if label.dtype.is_integer and label.shape.rank == 0:
        return pairs
    return pairs.map(lambda image, label: (image, tf.cast(tf.reshape(label, ()), tf.int64)))

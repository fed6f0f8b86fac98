"""What every dataset must be, whichever source it comes from. Whatever is not is refused in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from eatnas_tf.errors import InputError

FEWEST_CLASSES, MOST_CLASSES = 2, 100_000
CHANNELS = (1, 3)  # grey, colour
TEXT = "USO"  # the kinds of NumPy types that labels in words have


def images_of(where: str, name: str, images: np.ndarray) -> np.ndarray:
    """uint8 (count, height, width, channels); grey images may come without their channel. Raises InputError.

    No other type is scaled to 0…255: its values alone do not say which range they are from.
    """
    whole = images[..., None] if images.ndim == 3 else images
    if images.dtype != np.uint8 or whole.ndim != 4 or not whole.size:
        raise InputError(
            f"{where}: {name} is {images.dtype} {images.shape}; "
            f"expected uint8 (count, height, width, channels){_as_uint8(name, whole)}"
        )
    if whole.shape[-1] not in CHANNELS:
        raise InputError(
            f"{where}: {name} is uint8 {images.shape}; expected (count, height, width, channels) "
            f"with 1 or 3 channels: {_as_channels(name, whole.shape)}"
        )
    return whole


def _as_uint8(name: str, images: np.ndarray) -> str:
    """What makes uint8 images of these, by the values that they have."""
    if images.dtype == object:
        return ": its images differ in size; make all of one size"
    if images.dtype == np.uint8 or images.ndim != 4 or not images.size or images.dtype.kind not in "biuf":
        return ""
    low, high = images.min().item(), images.max().item()
    how = expression(name, images.dtype.kind, low, high)
    what = f"as {how}" if how else "scaled to 0 to 255"
    return f": give it {what}, its values being {low:g} to {high:g}, and the other parts by the same rule"


def expression(name: str, kind: str, low: float, high: float) -> str | None:
    """Python that makes uint8 of an array of a NumPy kind with such values; None if that is not clear."""
    if kind == "b":
        return f"{name}.astype('uint8') * 255"
    if kind in "iu" and low >= 0 and high <= 65_535:
        shift = max(0, int(high).bit_length() - 8)
        return f"({name} >> {shift}).astype('uint8')" if shift else f"{name}.astype('uint8')"
    ranges = {(0, 1): f"({name} * 255)", (-1, 1): f"(({name} + 1) * 127.5)", (0, 255): name}
    for (lowest, highest), scaled in ranges.items():
        if lowest <= low and high <= highest:
            return f"{scaled}.round().astype('uint8')"
    return None


def _as_channels(name: str, shape: tuple[int, ...]) -> str:
    if shape[1] in CHANNELS:
        return f"its channels come first; give np.moveaxis({name}, 1, -1)"
    kept = {2: 1, 4: 3}.get(shape[-1])
    if kept:
        return f"drop the transparency, {name}[..., :{kept}]"
    return f"it has {shape[-1]}"


def labels_of(where: str, name: str, labels: np.ndarray, count: int) -> np.ndarray:
    """Whole labels from 0, int32 (count,). Raises InputError.

    They may come as (count, 1), as truth values or as floats without a fraction.
    """
    flat = labels[:, 0] if labels.shape == (count, 1) else labels
    if flat.shape != (count,) or not _is_whole(flat):
        raise InputError(
            f"{where}: {name} is {labels.dtype} {labels.shape}; expected {count} whole numbers"
            f"{_as_whole(name, labels, count)}"
        )
    low, high = flat.min().item(), flat.max().item()
    if low < 0 or high >= MOST_CLASSES:
        raise InputError(
            f"{where}: {name} has labels from {low} to {high}; expected classes counted from 0, "
            f"at most {MOST_CLASSES:,} of them"
        )
    return flat.astype(np.int32)


def _is_whole(labels: np.ndarray) -> bool:
    if labels.dtype.kind == "f":
        return bool(np.all(np.isfinite(labels)) and np.all(labels == np.round(labels)))
    return labels.dtype.kind in "biu"


def _as_whole(name: str, labels: np.ndarray, count: int) -> str:
    if labels.dtype.kind in TEXT:
        return f": give numbers and names, classes, {name} = np.unique({name}, return_inverse=True)"
    if labels.ndim == 2 and len(labels) == count and labels.shape[1] > 1:
        return f": one-hot labels become numbers by {name}.argmax(1)"
    return ""


def classes_of(where: str, name: str, labels: np.ndarray, names: Any) -> tuple[str, ...]:
    """The classes of training labels by name: `names`, or else numbers. Raises InputError.

    There must be images of two classes, a name a class, and no name twice. Classes without images are taken
    only if they are named.
    """
    low, high = int(labels.min()), int(labels.max())
    refuse_few_classes(where, len(np.unique(labels)), f"all labels of {name} are {low}; expected classes")
    if names is not None:
        return class_names(where, names, high + 1)
    if low > 0:
        raise InputError(
            f"{where}: {name} has labels from {low} to {high}; expected classes counted from 0: "
            f"give {name} - {low}, or name all of the classes"
        )
    return tuple(map(str, range(high + 1)))


def refuse_few_classes(where: str, count: int, found: str, way_out: str = "") -> None:
    """Raises InputError if a dataset has fewer than two classes; `found` says what it has instead."""
    if count < FEWEST_CLASSES:
        raise InputError(f"{where}: {found}, two at the least{way_out}")


def class_names(where: str, names: Any, count: int) -> tuple[str, ...]:
    """The names of at least `count` classes, in the order of their labels. Raises InputError.

    `names` are in that order already, or a mapping between names and labels.
    """
    listed = [_text(name) for name in _in_order(where, names)]
    if len(listed) < count:
        raise InputError(f"{where}: {len(listed)} names in classes, labels up to {count - 1}")
    twice = [name for name, times in Counter(listed).items() if times > 1]
    if twice:
        raise InputError(f"{where}: classes names {twice[0]!r} twice; give every class its own name")
    return tuple(listed)


def _in_order(where: str, names: Any) -> Iterable[Any]:
    if isinstance(names, str | bytes | Set) or not isinstance(names, Iterable):
        raise InputError(
            f"{where}: classes is {type(names).__name__}; expected a list of names, one a label from 0"
        )
    if not isinstance(names, Mapping):
        return np.ravel(names).tolist() if isinstance(names, np.ndarray) else names
    for by_label in (names, {label: name for name, label in names.items()}):
        if set(by_label) == set(range(len(names))):
            return [by_label[label] for label in range(len(names))]
    raise InputError(f"{where}: classes is a dict; expected its names with the labels 0, 1, … of each")


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def refuse_mismatch(
    where: str, part: str, channels: int, labels: np.ndarray, of_train: tuple[int, int]
) -> None:
    """Raises InputError if a part has other channels than train, or a label beyond its classes."""
    if channels != of_train[0] or int(labels.max()) >= of_train[1]:
        raise InputError(
            f"{where}: x_{part}, y_{part} do not match x_train, y_train in channels or classes: "
            f"{channels} channels and labels up to {labels.max()}, "
            f"for {of_train[0]} and {of_train[1]} classes"
        )


def refuse_oblong(where: str, height: int, width: int, image_size: int | None) -> None:
    """Raises InputError if images are not square and nothing says of which size they are to be."""
    if height != width and image_size is None:
        raise InputError(f"{where}: images are {height}x{width}; give --image_size to make them square")

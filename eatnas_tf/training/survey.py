"""The one `Encoding` of a dataset of files, found in its training images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training import images
from eatnas_tf.training.encoding import BITS_16, NO_DATA, REAL, UNIT, WHITE, WHOLE, Encoding, spanned
from eatnas_tf.training.passes import told

LOOKED_AT = 1000  # images, evenly spaced, that tell the range or the background of all
GROUNDS = WHITE, 0, 128
OPAQUE = 255
SEEN = 32  # mean difference, of 255, between a background and what can be seen before it
CLIPPED_COLOUR = 64  # 16-bit colour that stays below so many of 255 holds 14 bits or fewer
Result = TypeVar("Result")


def encoding_of(where: object, looks: Mapping[Path, images.Look]) -> Encoding:
    """What all files of the dataset at `where` are read with. Raises InputError if no one range fits them."""
    _refuse_narrowed(where, [path for path, look in looks.items() if look.narrowed])
    background = _background([path for path, look in looks.items() if look.transparent])
    deep = {path: look.values for path, look in looks.items() if look.values is not None}
    if not deep:
        return Encoding(background)
    kinds = sorted({values for values in deep.values() if values is not None})
    if len(kinds) > 1:
        raise InputError(
            f"{where}: some images hold whole numbers of more than 8 bits and others floats, as "
            f"{_first(deep, WHOLE)} and {_first(deep, REAL)}; convert them to one of both"
        )
    low, high = _range(list(deep), kinds[0])
    encoding = Encoding(background, kinds[0], low, high)
    if len(deep) < len(looks) and not encoding.is_whole_range():
        raise _mixed(where, next(iter(deep)), kinds[0], (low, high))
    return encoding


def _range(paths: Sequence[Path], values: str) -> tuple[float, float]:
    """That of all files together. Raises InputError."""
    lows, highs = [], []
    for path, pixels in _looked_at("range of values", paths, images.values):
        finite = pixels[np.isfinite(pixels)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
            _refuse_marks(path, lows[-1], highs[-1])
    if not lows:
        return BITS_16 if values == WHOLE else UNIT
    return spanned(min(lows), max(highs), values)


def _refuse_marks(path: Path, low: float, high: float) -> None:
    if max(-low, high) > NO_DATA:
        raise InputError(
            f"{path}: values from {low:g} to {high:g}; if that marks missing pixels, write NaN instead"
        )


def _mixed(where: object, path: Path, values: str, span: tuple[float, float]) -> InputError:
    """Images of 8 bits go from 0 to 255: others beside them must have the whole range of their format."""
    return InputError(
        f"{where}: images of 8 bits beside {values} from {span[0]:g} to about {span[1]:g}, as {path}; "
        "no one scale fits both, convert all to 8 bits"
    )


def _refuse_narrowed(where: object, paths: Sequence[Path]) -> None:
    def brightest(path: Path) -> int:
        return int(images.read(path, images.COLOUR).max())

    found = [shade for _, shade in _looked_at("range of values", paths, brightest)]
    if found and max(found) < CLIPPED_COLOUR:
        raise InputError(
            f"{where}: colour images of 16 bits, as {paths[0]}, that use the lower ones only; "
            "of such files the upper 8 bits are read: convert them to 8 bits"
        )


def _background(paths: Sequence[Path]) -> int:
    """White, or black or a middle grey if more of the transparent images can be seen before that."""
    found = [seen for _, seen in _looked_at("transparency", paths, _contrasts) if seen is not None]
    counts = [sum(contrasts[place] >= SEEN for contrasts in found) for place in range(len(GROUNDS))]
    return GROUNDS[counts.index(max(counts))]


def _contrasts(path: Path) -> tuple[float, ...] | None:
    """Mean difference of what is visible to each of the GROUNDS; None if all or nothing is."""
    pixels = images.visible(path).astype(np.float32)
    weights, colours = pixels[..., 3], pixels[..., :3]
    total = weights.sum(dtype=np.float64)
    if not total or weights.min() == OPAQUE:
        return None
    differences = (np.abs(colours - ground).mean(-1) for ground in GROUNDS)
    return tuple(float((weights * one).sum(dtype=np.float64) / total) for one in differences)


def _looked_at(
    what: str, paths: Sequence[Path], look: Callable[[Path], Result]
) -> Iterator[tuple[Path, Result]]:
    """A sample of the files, each with what is seen in it; one that cannot be decoded is counted later."""
    step = max(1, -(-len(paths) // LOOKED_AT))
    sample = paths[::step]
    for path in told(what, len(sample), sample):
        try:
            seen = look(path)
        except InputError:
            continue
        yield path, seen


def _first(deep: Mapping[Path, str | None], values: str) -> Path:
    return next(path for path, found in deep.items() if found == values)

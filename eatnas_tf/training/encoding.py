"""How the pixels of a dataset become 8 bits: one background and one range of values for all of its files."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eatnas_tf.errors import InputError

WHITE = 255
WHOLE, REAL = "whole numbers", "floats"
BITS_8 = 0.0, 255.0
BITS_16 = 0.0, 65535.0  # the range of whole numbers that no dataset has told
UNIT = 0.0, 1.0  # and of floats
NO_DATA = 1e30  # larger values mark missing pixels, in floats of GeoTIFF and the like
BAND = 2**20  # values that are scaled at a time


@dataclass(frozen=True)
class Encoding:
    """What images of one dataset, and those that its models classify later, are read with.

    `background` is the grey, 0 to 255, behind transparent pixels. `values` says what files of more than
    8 bits hold, WHOLE or REAL, of which `low` to `high` become 0 to 255; None: the dataset has no such files.
    """

    background: int = WHITE
    values: str | None = None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def range_of(self, values: str) -> tuple[float, float]:
        """The range of one kind of values; that of their format if the dataset has none of that kind."""
        if values == self.values and self.low is not None and self.high is not None:
            return self.low, self.high
        return BITS_16 if values == WHOLE else UNIT

    def is_whole_range(self) -> bool:
        """Whether 0 to 255 of images of 8 bits are the same scale as that of the others."""
        return self.range_of(self.values or WHOLE) in (BITS_8, BITS_16 if self.values == WHOLE else UNIT)

    def said(self) -> list[str]:
        """What is not usual, in words."""
        ground = [f"transparent images are laid on grey {self.background} of 255"]
        span = [f"{self.values} from {self.low or 0:g} to {self.high or 0:g} are read as 0 to 255"]
        return ground * (self.background != WHITE) + span * (self.values is not None)

    def refuse_unscaled(self, where: object, values: str | None) -> None:
        """Raises InputError for a file of values whose range nothing tells.

        So it does for 8 bits where the training images have more and not the whole range of their format.
        """
        if values is None and self.values is not None and not self.is_whole_range():
            raise InputError(
                f"{where}: its pixels are 8 bits, those of the training images are {self.values} from "
                f"{self.low:g} to {self.high:g}; convert it to what the training images are"
            )
        if values is None or values == self.values or (values == WHOLE and self.values is None):
            return
        known = "8 bits" if self.values is None else self.values
        raise InputError(
            f"{where}: its pixels are {values}, those of the training images are {known}; "
            "convert it to what the training images are"
        )

    def scaled(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 of pixels of more than 8 bits; what lies outside of the range is cut off, NaN is black."""
        values = values_of(pixels)
        low, high = self.range_of(values)
        factor = 256 / (high - low + (values == WHOLE))
        found = np.empty(pixels.size, np.uint8)
        flat = pixels.reshape(-1)
        for start in range(0, flat.size, BAND):
            band = (flat[start : start + BAND].astype(np.float64) - low) * factor
            shades = np.clip(np.nan_to_num(np.floor(band), nan=0.0, posinf=255.0, neginf=0.0), 0, 255)
            found[start : start + BAND] = shades.astype(np.uint8)
        return found.reshape(pixels.shape)


def values_of(pixels: np.ndarray) -> str:
    return REAL if pixels.dtype.kind == "f" else WHOLE


def spanned(low: float, high: float, values: str) -> tuple[float, float]:
    """The range for images with values from `low` to `high`: from 0 to the next power of two, on either side.

    10 and 12 bits that are stored in 16 become 0 to 1023 and 0 to 4095, whatever the brightest image of a
    dataset is; floats up to 1 become 0 to 1, up to 0.5 become 0 to 0.5. Values that would fill less than an
    eighth of such a range span it from the lowest to the highest.
    """
    least = 1.0 if values == WHOLE else 0.0
    below = -_power(-low, least) if low < 0 else 0.0
    above = _power(high, least) if high > 0 or low == 0 else 0.0
    if 0 < high - low < (above - below) / 8 and (low > 0 or high < 0):
        return low, high
    return below, above


def _power(value: float, least: float) -> float:
    """The smallest 2**n - 1 (above 1) or 2**n (up to 1) that is not below `value`; 1 for 0."""
    if value > 1:
        return 2.0 ** math.ceil(math.log2(value + 1)) - 1
    return max(least, 2.0 ** math.ceil(math.log2(value))) if value > 0 else 1.0

"""Image files, read by Pillow: any size, 8 or 16 bit, grey or colour, turned as their camera was held."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from eatnas_tf.errors import InputError, reason

# A large image, a palette of some kind, a damaged tag: read as well as can be, and nothing to tell a person.
warnings.filterwarnings("ignore", module=r"PIL\..*")

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
GREY, COLOUR = 1, 3
_GREY_MODES = ("1", "L", "LA", "I", "F")
_WIDE = 256  # from 16 bits to 8


class Header(NamedTuple):
    """Pixels across and down as stored, and channels: 1 if the file is grey, else 3."""

    width: int
    height: int
    channels: int


def header(path: Path) -> Header:
    """What a file says of itself; the pixels are not read. Raises InputError if it is no image."""
    try:
        with Image.open(path) as image:
            grey = image.mode.startswith("I;16") or image.mode in _GREY_MODES
            return Header(*image.size, GREY if grey else COLOUR)
    except Exception as error:  # Pillow raises whatever a damaged file leads it into
        raise InputError(f"{path}: not an image that can be read ({reason(error)})") from None


def read(path: Path, channels: int) -> np.ndarray:
    """The pixels, uint8 (height, width, channels). Raises InputError if it is no image or a truncated one."""
    try:
        with Image.open(path) as image:
            return _pixels(ImageOps.exif_transpose(image), channels)
    except Exception as error:
        raise InputError(f"{path}: not an image that can be read ({reason(error)})") from None


def _pixels(image: Image.Image, channels: int) -> np.ndarray:
    if image.mode.startswith("I"):
        wide = np.asarray(image).astype(np.int64)
        narrow = wide // _WIDE if wide.max(initial=0) > 255 else wide
        image = Image.fromarray(np.clip(narrow, 0, 255).astype(np.uint8))
    pixels = np.asarray(image.convert("L" if channels == GREY else "RGB"))
    return pixels[..., None] if channels == GREY else pixels

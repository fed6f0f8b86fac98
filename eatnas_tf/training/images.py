"""Image files, read by Pillow: of any size and depth, grey or colour, turned as their camera was held.

What a file is, its content decides, not its name. Transparent pixels and more than 8 bits are read by the
`Encoding` of the dataset.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from eatnas_tf.errors import InputError, reason
from eatnas_tf.training.encoding import REAL, WHOLE, Encoding

# A large image, a palette of some kind, a damaged tag: read as well as can be, and nothing to tell a person.
warnings.filterwarnings("ignore", module=r"PIL\..*")

GREY, COLOUR = 1, 3
# Pictures only. EPS and WMF run other programs, MPEG and HDF5 are named and not decoded by Pillow.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "HEIF", "JPEG2000", "MPO", "ICO", "ICNS"),
    *("TGA", "PCX", "DDS", "QOI", "SGI", "SUN", "PSD", "XBM", "XPM", "FITS"),
)
MOST_PIXELS = 2**28  # of what is decoded as a whole, 1 GiB in colour
LARGE = 2**26  # pixels of an image that is reduced as it is read
REDUCED = 2**24  # pixels that are about left of it
_GREY_MODES = ("1", "L", "LA", "La", "F")
_LARGE_LOCK = threading.Lock()


class TooLargeError(InputError):
    """An image that would take too much memory."""


class Header(NamedTuple):
    """Pixels across and down as stored, and channels: 1 if the file is grey, else 3."""

    width: int
    height: int
    channels: int


class Look(NamedTuple):
    """What a file says of itself: `values` is None for 8 bits, else WHOLE or REAL.

    `narrowed` says that it has colour of 16 bits, of which Pillow keeps the upper 8.
    """

    header: Header
    values: str | None
    transparent: bool
    narrowed: bool


def look(path: Path) -> Look:
    """The pixels are not read. Raises InputError if it is no image, or one too large to be decoded."""
    with _refusing(path), _open(path) as image:
        _refuse_too_large(path, image)
        values = _values(image)
        grey = values is not None or image.mode in _GREY_MODES
        header = Header(*image.size, GREY if grey else COLOUR)
        narrowed = values is None and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
        return Look(header, values, bool(image.has_transparency_data), narrowed)


def is_named_like_one(path: Path) -> bool:
    """Whether the file's name ends as those of a format that is read here do."""
    Image.init()
    return Image.registered_extensions().get(path.suffix.lower()) in FORMATS


def header(path: Path, encoding: Encoding | None = None) -> Header:
    """As `look`; raises InputError, too, if `encoding` has no range for the file's values."""
    found = look(path)
    if encoding is not None:
        encoding.refuse_unscaled(path, found.values)
    return found.header


def read(path: Path, channels: int, encoding: Encoding | None = None) -> np.ndarray:
    """The pixels, uint8 (height, width, channels), of a large image reduced to some 16 million.

    Without an encoding the background is white, whole numbers count from 0 to 65535 and floats from 0 to 1.
    Raises InputError if it is no image or a truncated one.
    """
    with _opened(path) as image:
        if encoding is not None:
            encoding.refuse_unscaled(path, _values(image))
        return _pixels(image, channels, encoding or Encoding())


def values(path: Path) -> np.ndarray:
    """The values of an image of more than 8 bits as they are stored. Raises InputError."""
    with _opened(path) as image:
        return np.asarray(image)


def visible(path: Path) -> np.ndarray:
    """The pixels of an image with their transparency, uint8 (height, width, 4). Raises InputError."""
    with _opened(path) as image:
        return np.asarray(_reduced(_with_alpha(image)).convert("RGBA"))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The image, to be decoded; if it is large, by one thread at a time. Raises InputError."""
    with _refusing(path), _open(path) as image:
        _refuse_too_large(path, image)
        if _is_drafted(image):
            side = math.sqrt(REDUCED / math.prod(image.size))
            image.draft(None, (round(side * image.width) or 1, round(side * image.height) or 1))
        with _alone() if math.prod(image.size) > LARGE else nullcontext():
            yield image


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raises InputError for whatever Pillow is led into by a damaged file."""
    try:
        yield
    except InputError:
        raise
    except UnidentifiedImageError:  # its own words repeat the path
        raise InputError(f"{path}: not an image that can be read (unknown format, or damaged)") from None
    except Exception as error:
        raise InputError(f"{path}: not an image that can be read ({reason(error)})") from None


def _open(path: Path) -> Image.Image:
    """As Pillow opens it, but of any size: `_refuse_too_large` has our limit."""
    try:
        return Image.open(path, formats=_formats())
    except Image.DecompressionBombError:
        with _alone():
            return Image.open(path, formats=_formats())


@contextmanager
def _alone() -> Iterator[None]:
    """One thread at a time uses the memory of a large image; Pillow's own limit is lifted meanwhile."""
    with _LARGE_LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _is_drafted(image: Image.Image) -> bool:
    """Whether it is a large JPEG that can be decoded at a half, a quarter or an eighth of its size."""
    large = math.prod(image.size) > LARGE
    return large and image.format in ("JPEG", "MPO") and not image.info.get("progressive")


def _refuse_too_large(path: Path, image: Image.Image) -> None:
    pixels = math.prod(image.size)
    if pixels > MOST_PIXELS and not _is_drafted(image):
        raise TooLargeError(
            f"{path}: an image of {pixels:,} pixels; at most {MOST_PIXELS:,} are decoded, but for baseline "
            "JPEG: make it smaller"
        )


def _values(image: Image.Image) -> str | None:
    if image.mode == "F":
        return REAL
    return WHOLE if image.mode.startswith("I") else None


def _pixels(image: Image.Image, channels: int, encoding: Encoding) -> np.ndarray:
    ImageOps.exif_transpose(image, in_place=True)
    if _values(image) is not None:
        image = _in_eight_bits(image, encoding)
    image = _on(_reduced(_with_alpha(image)), encoding.background)
    pixels = np.asarray(image.convert("L" if channels == GREY else "RGB"))
    return pixels[..., None] if channels == GREY else pixels


def _in_eight_bits(image: Image.Image, encoding: Encoding) -> Image.Image:
    stored, clear = np.asarray(image), image.info.get("transparency")
    shades = encoding.scaled(stored)
    if isinstance(clear, int):
        shades[stored == clear] = encoding.background
    return Image.fromarray(shades)


def _with_alpha(image: Image.Image) -> Image.Image:
    """With transparency as a channel, wherever the file has it, and without a palette."""
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGB")
    return image.convert("L") if image.mode == "1" else image


def _reduced(image: Image.Image) -> Image.Image:
    """A large image made smaller by a whole factor, by area averaging."""
    pixels = math.prod(image.size)
    return image if pixels <= LARGE else image.reduce(math.ceil(math.sqrt(pixels / REDUCED)))


def _on(image: Image.Image, grey: int) -> Image.Image:
    """What is transparent shows a grey background."""
    if image.mode not in ("LA", "RGBA"):
        return image
    background = Image.new("RGBA", image.size, (grey, grey, grey, 255))
    return Image.alpha_composite(background, image.convert("RGBA"))

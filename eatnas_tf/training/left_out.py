"""Files of a dataset that are left out: why, how many, and the first of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

NAMED = 3  # files a reason
HEAD = 4096  # bytes that tell what a file is
HIDDEN = "hidden or system files"
BROKEN = "broken links or special files"
LOOP = "links to a folder above"
TWICE = "duplicates by links"
LOOSE = "images outside the class folders"
EMPTY = "empty files"
UNKNOWN = "not images, or damaged"
TOO_LARGE = "images with too many pixels"

# What people keep beside images, or as images that Pillow does not decode: by what a file begins with.
SIGNATURES = (
    (b"%PDF", 0, "PDF"),
    (b"DICM", 128, "DICOM"),
    (b"\x93NUMPY", 0, "NumPy arrays"),
    (b"PK\x03\x04", 0, "zip archives"),
    (b"\x1f\x8b", 0, "gzip archives"),
    (b"ftypheic", 4, "HEIC (not supported)"),
    (b"ftypheix", 4, "HEIC (not supported)"),
    (b"ftypmif1", 4, "HEIC (not supported)"),
    (b"ftypavif", 4, "AVIF (damaged or not supported)"),
    (b"ftyp", 4, "videos"),
    (b"\xff\x0a", 0, "JPEG XL (not supported)"),
    (b"\x00\x00\x00\x0cJXL ", 0, "JPEG XL (not supported)"),
    (b"%!PS", 0, "PostScript"),
)


class LeftOut(NamedTuple):
    """A file, and in which words it is counted."""

    path: Path
    reason: str


def reason_of(path: Path) -> str:
    """Why a file cannot be read as an image, by its first bytes."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return f"not readable ({error.strerror})"
    if not head:
        return EMPTY
    if b"<svg" in head.lower():
        return "SVG (not supported)"
    return next((name for mark, at, name in SIGNATURES if head[at:].startswith(mark)), UNKNOWN)


def summary(left_out: Iterable[LeftOut], root: Path) -> str:
    """How many for each reason, with the first names below `root`: `empty files: 2 (a/0.png, b/1.png)`."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in left_out:
        by_reason.setdefault(reason, []).append(os.path.relpath(path, root))
    return "; ".join(f"{reason}: {len(names):,} ({_first(names)})" for reason, names in by_reason.items())


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")

"""Writing `.npz` files, and reading untrusted ones: no pickles, and one line for whatever is wrong."""

from __future__ import annotations

import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from eatnas_tf.errors import InputError, reason

DAMAGE = (  # what reading a damaged zip, and arrays in it, may raise
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    lzma.LZMAError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def write(file: BinaryIO, values: Mapping[str, np.ndarray]) -> None:
    """Writes arrays by name; raises ValueError for an array of objects.

    `np.savez` takes `allow_pickle` from NumPy 2.2 on only, takes it for an array before that, and never takes
    an array called `file`.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, value in values.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)


def names(path: Path) -> list[str]:
    """The names of a file's arrays. Raises InputError if it is missing or no `.npz`."""
    return [member.filename.removesuffix(".npy") for member in _members(path)]


def _members(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an .npz") from None
    except DAMAGE as error:
        raise InputError(f"{path}: not a readable .npz ({reason(error)}); make it again") from None


def checksums(path: Path) -> dict[str, tuple[int, int]]:
    """(CRC-32, bytes) of every array by name, as the zip's directory has them. Raises InputError."""
    return {member.filename.removesuffix(".npy"): (member.CRC, member.file_size) for member in _members(path)}


def arrays(path: Path, wanted: Sequence[str]) -> list[np.ndarray]:
    """The arrays called `wanted`. Raises InputError if the file is missing or damaged, or lacks one."""
    missing = [name for name in wanted if name not in names(path)]
    if missing:
        raise InputError(f"{path}: no {missing[0]}; expected the arrays {', '.join(wanted)}")
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return [_array(archive.read(f"{name}.npy")) for name in wanted]
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); make it again") from None


def _array(member: bytes) -> np.ndarray:
    """The array of a whole member: its checksum was compared, which `np.load` does only after parsing."""
    stream = io.BytesIO(member)
    array = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
        raise ValueError("bytes are left behind the array")
    return array

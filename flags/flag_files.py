"""Files of flags, as editors save them: with a byte order mark or without, any line ends, UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Sequence
from itertools import islice

from absl import flags as absl_flags

from eatnas_tf import paths
from eatnas_tf.errors import InputError

NAMES = ("--flagfile", "-flagfile")
COMMENTS = ("#", "//")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def expanded(arguments: Sequence[str], within: tuple[str, ...] = ()) -> list[str]:
    """`arguments` with every --flagfile=FILE replaced by the flags of the file. Raises InputError.

    A flag that comes later wins, so that flags behind --flagfile win over the file. `within` are the files
    that are being read.
    """
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        flag, equals, value = argument.partition("=")
        if flag in NAMES:
            path = paths.local("--flagfile", value if equals else next(rest, ""))
            found += expanded(lines(path, within), (*within, os.path.realpath(path)))
            continue
        found.append(argument)
        if argument == "--" or not argument.startswith("-"):  # flags end here
            break
        if not equals and _takes_value(flag):
            found += islice(rest, 1)
    return [*found, *rest]


def lines(path: str, within: tuple[str, ...] = ()) -> list[str]:
    """The flags in a file, a line each, without comments. Raises InputError."""
    if not path:
        raise InputError("--flagfile names no file; give --flagfile=FILE with flags, one a line")
    if os.path.realpath(path) in within:
        raise InputError(f"--flagfile={path} includes itself; remove that line")
    try:
        with open(path, "rb") as file:
            text = _decoded(file.read())
    except OSError as error:
        raise InputError(
            f"--flagfile={path}: cannot be read ({error.strerror}); give a file of flags, one a line"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"--flagfile={path}: not text ({error}); save it as UTF-8, flags one a line"
        ) from None
    stripped = (line.strip() for line in re.split("[\r\n]", text))
    return [line for line in stripped if line and not line.startswith(COMMENTS)]


def _decoded(content: bytes) -> str:
    return content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig")


def _takes_value(flag: str) -> bool:
    name = flag.lstrip("-")
    return name in absl_flags.FLAGS and not absl_flags.FLAGS[name].boolean

"""Temporary files of a stage, in a folder that is removed whatever happens: TensorFlow's
AutoGraph leaves its own where a process is killed, as workers are.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

from eatnas_tf import durable
from eatnas_tf.errors import InputError

VARIABLE = "TMPDIR"
MATPLOTLIB = "MPLCONFIGDIR"
HOMES = {"XDG_CONFIG_HOME": "~/.config", "XDG_CACHE_HOME": "~/.cache"}  # Matplotlib's


@contextmanager
def files_in(folder: Path) -> Iterator[None]:
    """Temporary files made while the block runs, also by processes that it starts, lie in `folder`.

    What an earlier run left there is removed before, and all of it after. Raises WriteError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with durable.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    place = str(folder.resolve())
    changed = {VARIABLE: place} | ({} if _matplotlib_has_a_folder() else {MATPLOTLIB: place})
    before = {name: os.environ.get(name) for name in changed}
    default = tempfile.tempdir
    os.environ.update(changed)
    tempfile.tempdir = place
    try:
        yield
    finally:
        tempfile.tempdir = default
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def files_of_command() -> Iterator[None]:
    """As `files_in`, for a command without a work folder: a folder among the machine's temporary files.

    SIGTERM ends the command by an exception, so that the folder is removed then, too. Raises InputError if
    there is nowhere to write temporary files.
    """
    try:
        folder = tempfile.mkdtemp(prefix="eatnas_tf-")
    except OSError:
        raise InputError(
            f"there is no folder for temporary files; set {VARIABLE} to a folder that can be written"
        ) from None
    with _ended_by_exception(), files_in(Path(folder)):
        yield


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """In the main thread, SIGTERM raises SystemExit, where nobody else listens to it."""
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _matplotlib_has_a_folder() -> bool:
    """Whether Matplotlib can write its settings and its list of fonts; else it warns and takes /tmp."""
    if os.environ.get(MATPLOTLIB):
        return True
    homes = [os.environ.get(name) or os.path.expanduser(home) for name, home in HOMES.items()]
    return all(_writable(Path(home)) for home in homes)


def _writable(folder: Path) -> bool:
    """Whether it, or the nearest folder above it that there is, can be written."""
    with suppress(OSError):
        nearest = next(place for place in (folder, *folder.parents) if place.exists())
        return os.access(nearest, os.W_OK)
    return False

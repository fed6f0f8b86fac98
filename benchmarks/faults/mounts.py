"""Small disks that may be filled up, and folders that nobody may write to.

They are mounts in a namespace of this process's own, and end with it. Linux asks for root for that, or for
user namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAMESPACES = (
    ("unshare", "--mount", "--propagation=private"),
    ("unshare", "--user", "--map-root-user", "--mount", "--propagation=private"),
)
INSIDE = "EATNAS_FAULTS_MAY_MOUNT"
NEEDS = "needs root or user namespaces, to mount a small disk"
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
FILLER = "filler"


def allowed() -> bool:
    """Whether this process may mount."""
    return INSIDE in os.environ


def enter(module: str) -> None:
    """Starts this process's module anew in a namespace of its own, if the machine allows that."""
    if allowed():
        return
    for namespace in NAMESPACES:
        if _works(namespace):
            os.environ[INSIDE] = "1"
            os.execvp(namespace[0], [*namespace, sys.executable, "-m", module, *sys.argv[1:]])


def _works(namespace: tuple[str, ...]) -> bool:
    with tempfile.TemporaryDirectory() as folder, suppress(OSError):
        command = [*namespace, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


@contextmanager
def disk(folder: Path, size: int = 1 << 22, kept: bool = True) -> Iterator[Disk]:
    """A disk of so many bytes in `folder`; what it holds in the end lies in that folder then, if kept."""
    folder.mkdir(exist_ok=True)
    _mount(folder, f"size={size}")
    left = folder.with_name(f"{folder.name}.left")
    try:
        yield Disk(folder)
    finally:
        if kept:
            shutil.copytree(folder, left, ignore=shutil.ignore_patterns(FILLER))
        _unmount(folder)
        if kept:
            folder.rmdir()
            left.rename(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """While the block runs, nothing can be written in `folder`, and nothing is seen of what it holds."""
    _mount(folder, "ro,size=64k")
    try:
        yield
    finally:
        _unmount(folder)


class Disk:
    """A disk that is filled up with a file beside the search's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / FILLER

    def leave(self, pages: int) -> None:
        """Fills the disk up, but for so many of the pages of which files take a whole number."""
        self.clear()
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize // PAGE
        self._filler.write_bytes(bytes(PAGE * (free - pages)))

    def clear(self) -> None:
        self._filler.unlink(missing_ok=True)

    def lock(self) -> None:
        """Makes all of it read-only; no file may be open to be written."""
        subprocess.run(["mount", "-o", "remount,bind,ro", self.folder], check=True)


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},huge=never", "tmpfs", folder], check=True)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)

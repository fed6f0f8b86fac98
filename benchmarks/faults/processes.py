"""Processes of a search, as Linux lists them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
GONE = 30  # seconds within which workers have to end with the main process


class Entry(NamedTuple):
    """A process that is alive."""

    pid: int
    parent: int
    group: int
    command: bytes


def listed() -> bool:
    """Whether this machine lists processes."""
    return (PROC / "self" / "stat").exists()


def workers(main: int) -> list[int]:
    """The workers of a search's main process."""
    return [entry.pid for entry in _entries() if entry.parent == main and b"spawn_main" in entry.command]


def resident(pid: int) -> int:
    """Bytes of a process that lie in memory; 0 once it has ended."""
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def left_behind(group: int) -> list[str]:
    """Members of a group that do not end by themselves, in words."""
    ends = time.monotonic() + GONE
    while listed() and (alive := [entry.pid for entry in _entries() if entry.group == group]):
        if time.monotonic() > ends:
            return [f"process {pid} is still alive" for pid in alive]
        time.sleep(0.02)
    return []


def _entries() -> Iterator[Entry]:
    for folder in PROC.iterdir():
        try:
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                yield Entry(int(folder.name), int(parent), int(group), (folder / "cmdline").read_bytes())
        except (OSError, ValueError):  # it has ended, or is no process
            continue

"""What this process may use of its machine: CPU affinity, and the limits of its control groups (Linux)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def cores(root: Path = ROOT) -> int:
    """Cores that this process may use, at least 1.

    A quota of 1.5 cores counts as 2: a worker too many waits for a moment, a core too few is never used.
    """
    schedulable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([schedulable, *map(math.ceil, cpu_quotas(root))]))


def cpu_quotas(root: Path = ROOT) -> list[float]:
    """Cores by the quotas of this process's control groups and of all groups around them."""
    found = []
    for folder in _groups("", root):
        with suppress(OSError, ValueError):
            found.append(_share(_words(folder / "cpu.max")))
    for folder in _groups("cpu", root):
        with suppress(OSError, ValueError):
            quota, period = (_words(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
            found.append(_share([*quota, *period]))
    return found


def memory_limits(root: Path = ROOT) -> list[int]:
    """Bytes by the limits of this process's control groups and of all groups around them."""
    found = []
    for controller, name in (("", "memory.max"), ("memory", "memory.limit_in_bytes")):
        for folder in _groups(controller, root):
            with suppress(OSError, ValueError):
                found.append(int(" ".join(_words(folder / name))))
    return [limit for limit in found if limit > 0]


def _share(words: list[str]) -> float:
    """Quota over period. Raises ValueError where there is no quota: "max" in version 2, -1 in version 1."""
    quota, period = words
    if int(quota) <= 0 or int(period) <= 0:
        raise ValueError(quota)
    return int(quota) / int(period)


def _words(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").split()


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process's group under a controller ("": version 2), up to where that is mounted."""
    group = _group_of_process(controller, root)
    for source, mounted in _mounts(controller, root):
        # In a container the group is often written as the host sees it, but mounted from there on.
        inside = PurePosixPath(group)
        if source != "/" and inside.is_relative_to(source):
            inside = PurePosixPath("/") / inside.relative_to(source)
        if ".." in inside.parts:
            inside = PurePosixPath("/")
        for level in (inside, *inside.parents):
            yield mounted / str(level).lstrip("/")


def _group_of_process(controller: str, root: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            number, controllers, group = line.split(":", 2)
            if controller in controllers.split(",") and (controller or number == "0"):
                return group
    return "/"


def _mounts(controller: str, root: Path) -> list[tuple[str, Path]]:
    """(group that is mounted, where) of a controller."""
    found = []
    with suppress(OSError, UnicodeDecodeError):
        for line in (root / "proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            place, _, kind = line.partition(" - ")
            source, mounted = place.split()[3:5]
            system, _, options = kind.split(" ", 2)
            if system == ("cgroup" if controller else "cgroup2") and (
                not controller or controller in options.strip().split(",")
            ):
                found.append((source, root / mounted.lstrip("/")))
    return found or [("/", root / "sys/fs/cgroup" / controller)]

"""Locks on files. On file systems without locks, a file names the process that holds one."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from absl import logging
from filelock import FileLock, Timeout

UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}
POLL = 0.1  # seconds between two looks at a lock that another process holds
UNWRITTEN = 10.0  # seconds after which a file that names nobody is a crash's
_warned: set[str] = set()


class Held(Exception):  # noqa: N818 (no failure of this program)
    """Another process holds the lock; `owner` says which, as far as it is known, `file` what names it."""

    def __init__(self, owner: str = "", file: Path | None = None) -> None:
        super().__init__(owner)
        self.owner, self.file = owner, file


@contextmanager
def locked(path: Path, wait: bool = False) -> Iterator[None]:
    """Holds the lock `path` while the block runs. Raises Held, or waits, if another process holds it.

    Raises OSError if the file cannot be written.
    """
    if _has_locks(path):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise Held from None
        try:
            yield
        finally:
            lock.release()
        return
    _warn_once()
    named = path.with_name(f"{path.name}.owner")
    _take(named, wait)
    try:
        yield
    finally:
        with suppress(OSError):
            named.unlink()


def _has_locks(path: Path) -> bool:
    """Tries a lock on a file of its own, so that nobody who asks for the real one is disturbed."""
    probe = path.with_name(f"{path.name}.{os.getpid()}.probe")
    handle = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return False
    finally:
        os.close(handle)
        with suppress(OSError):
            probe.unlink()
    return True


def _warn_once() -> None:
    if "locks" not in _warned:
        _warned.add("locks")
        logging.warning(
            "the work folder's file system has no locks: a file names the process at work there instead, "
            "which does not stop two machines that start at the same moment"
        )


def _take(path: Path, wait: bool) -> None:
    """Makes the file that names this process. Raises Held if it names another one that may be alive."""
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            owner = _owner(path)
            # Who waits holds the lock of the whole folder: a process of another host is gone.
            if _is_gone(owner, path) or (wait and owner and owner["host"] != socket.gethostname()):
                _drop(path, owner)
            elif wait:
                time.sleep(POLL)
            else:
                raise Held(_text(owner), path) from None
            continue
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(_self(), file)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return


def _self() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}


def _started(pid: int) -> str | None:
    """When a process started, so that a later one of the same number is told apart (Linux)."""
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return status.rpartition(")")[2].split()[19]
    return None


def _owner(path: Path) -> dict[str, Any] | None:
    """Whom the file names, None if nobody."""
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("pid"), int) and found.get("host"):
            return found
    return None


def _is_gone(owner: dict[str, Any] | None, path: Path) -> bool:
    """Whether the lock's owner is known to have ended: that is only seen of this host's processes."""
    if owner is None:
        with suppress(OSError):
            return time.time() - path.stat().st_mtime > UNWRITTEN
        return True
    if owner["host"] != socket.gethostname():
        return False
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return owner.get("started") != _started(owner["pid"])


def _drop(path: Path, owner: dict[str, Any] | None) -> None:
    """Removes the file of an owner that is gone, unless another process has just taken the lock."""
    with suppress(OSError):
        if _owner(path) == owner:
            path.unlink()


def _text(owner: dict[str, Any] | None) -> str:
    return "" if owner is None else f"process {owner['pid']} of {owner['host']}"

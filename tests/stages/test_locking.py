"""Locks, and file systems without them."""

import errno
import fcntl
import json
import multiprocessing
import os
import socket

import pytest

from eatnas_tf import durable
from eatnas_tf.stages import locking
from eatnas_tf.stages.locking import Held, locked

UNSUPPORTED = sorted(locking.UNSUPPORTED)


@pytest.fixture(params=UNSUPPORTED, ids=[errno.errorcode[number] for number in UNSUPPORTED])
def lockless(request, monkeypatch) -> None:
    """A file system without locks."""
    monkeypatch.setattr(fcntl, "flock", _failing(request.param))
    monkeypatch.setattr(locking, "_warned", set())


def _failing(number: int):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def _owned(path, **changes) -> None:
    owner = {"host": socket.gethostname(), "pid": os.getppid(), "started": locking._started(os.getppid())}
    path.with_name("lock.owner").write_text(json.dumps(owner | changes))


def test_a_second_lock_is_refused_where_there_are_locks(tmp_path) -> None:
    with locked(tmp_path / "lock"), pytest.raises(Held), locked(tmp_path / "lock"):
        pass


def test_a_second_lock_is_refused_where_there_are_none_and_freed_afterwards(lockless, tmp_path) -> None:
    with (
        locked(tmp_path / "lock"),
        pytest.raises(Held, match=str(os.getpid())),
        locked(tmp_path / "lock"),
    ):
        pass
    with locked(tmp_path / "lock"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_missing_lock_is_told_once(lockless, tmp_path, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(locking.logging, "warning", told.append)
    for _ in range(3):
        with locked(tmp_path / "lock"):
            pass
    assert len(told) == 1


@pytest.mark.parametrize("changes", [{"pid": 2**22 + 1}, {"started": "1"}])
def test_the_lock_of_a_process_that_is_gone_is_taken(lockless, tmp_path, changes) -> None:
    _owned(tmp_path / "lock", **changes)
    with locked(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("changes", [{}, {"host": "elsewhere"}])
def test_the_lock_of_a_process_that_may_be_alive_is_not_taken(lockless, tmp_path, changes) -> None:
    _owned(tmp_path / "lock", **changes)
    with pytest.raises(Held), locked(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_real_error_of_a_lock_is_raised(tmp_path, monkeypatch, number) -> None:
    monkeypatch.setattr(fcntl, "flock", _failing(number))
    with pytest.raises(OSError, match=os.strerror(number)), locked(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("number", sorted(durable.UNSUPPORTED))
def test_a_folder_that_cannot_be_flushed_is_told_once_and_ends_nothing(tmp_path, monkeypatch, number) -> None:
    told = []
    monkeypatch.setattr(durable, "_warned", [])
    monkeypatch.setattr(durable.logging, "warning", lambda *words: told.append(words))
    monkeypatch.setattr(os, "fsync", _failing(number))
    for name in ("a", "b"):
        durable.write(tmp_path / name, lambda file: file.write(b"whole"))
    assert (tmp_path / "b").read_bytes() == b"whole"
    assert len(told) == 1


def test_a_worker_leaves_it_to_the_main_process_to_tell(monkeypatch) -> None:
    told = []
    monkeypatch.setattr(durable, "_warned", [])
    monkeypatch.setattr(durable.logging, "warning", lambda *words: told.append(words))
    monkeypatch.setattr(os, "fsync", _failing(errno.EINVAL))
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    durable.flush(0)
    assert told == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_disk_that_fails_ends_the_run(tmp_path, monkeypatch, number) -> None:
    monkeypatch.setattr(os, "fsync", _failing(number))
    with pytest.raises(durable.WriteError):
        durable.write(tmp_path / "a", lambda file: file.write(b"whole"))

"""The local workforce with evaluations that need no TensorFlow."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from absl import logging

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.searches import Candidate, Finished, Measurement, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.stopping import Stopped, stoppable
from eatnas_tf.stages.worker import Place
from eatnas_tf.stages.workers import InWorkerError, LocalWorkers

CODE = Architecture.parse("sep_k3_s1_w1.0_d1")
LOST = Measurement(0.0, 7.0, details={"failed": ...})
DEEDS = '''
"""Evaluations that do what the file named by the candidate's id says, in a folder that the tests write."""
import json, os, signal, sys, threading, time
from pathlib import Path
from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.searches import Measurement


class Odd(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def build(folder, place, on_share):
    folder = Path(folder)
    deed = _deed(folder, "build")
    exec(deed)

    def evaluate(text):
        number = json.loads(text)["id"]
        (folder / f"{number}.pid").write_text(str(os.getpid()))
        on_share(number, 0.5)
        exec(_deed(folder, number), globals(), {"folder": folder})
        gpu = os.environ.get("CUDA_VISIBLE_DEVICES")
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGINT}
        details = {"pid": os.getpid(), "gpu": gpu, "threads": place.threads, "blocked": blocked}
        return Measurement(0.5, number, details=details)

    return evaluate


def _deed(folder, name):
    """What to do: the next line of the file, the last one again and again."""
    path = folder / f"{name}.py"
    if not path.exists():
        return ""
    first, *rest = path.read_text().splitlines()
    if rest:
        path.write_text("\\n".join(rest))
    return first
'''
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
MAIN = """
import sys
from functools import partial
from eatnas_tf.searches import Candidate, Task
from eatnas_tf.space import Architecture
from eatnas_tf.stages.worker import Place
from eatnas_tf.stages.workers import LocalWorkers
import deeds

if __name__ == "__main__":
    workers = LocalWorkers([Place(), Place()], partial(deeds.build, sys.argv[1]), lambda architecture: 0)
    for number in range(2):
        workers.submit(Task(Candidate(number, Architecture.parse("sep_k3_s1_w1.0_d1"))))
    workers.next_finished()
"""


@pytest.fixture
def deeds(tmp_path, monkeypatch):
    """A function that writes what a candidate, or `build`, does: a line for each time."""
    (tmp_path / "deeds.py").write_text(DEEDS)
    monkeypatch.syspath_prepend(tmp_path)  # a spawned process has the same path

    def write(name: int | str, *lines: str) -> None:
        (tmp_path / f"{name}.py").write_text("\n".join(lines))

    yield write
    sys.modules.pop("deeds", None)


@pytest.fixture
def workers(deeds, tmp_path):
    """A function that makes a workforce of so many places; what it is told of shares is in `shares`."""
    made = []

    def make(count: int = 2, **place) -> LocalWorkers:
        import deeds as module

        shares = []
        build = partial(module.build, str(tmp_path))
        made.append(
            LocalWorkers(
                [Place(**place)] * count, build, lambda architecture: 7.0, lambda *share: shares.append(share)
            )
        )
        made[-1].shares = shares
        return made[-1]

    yield make
    for workforce in made:
        workforce.close()
    assert not multiprocessing.active_children()


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """Warnings."""
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda message, *given: lines.append(message % given))
    return lines


def _task(number: int) -> Task:
    return Task(Candidate(number, CODE))


def _finished(workforce: LocalWorkers, numbers) -> dict[int, Measurement]:
    """What comes of candidates that are submitted while there are places."""
    waiting, under_way, found = list(numbers), 0, {}
    while waiting or under_way:
        while waiting and under_way < workforce.capacity:
            workforce.submit(_task(waiting.pop(0)))
            under_way += 1
        finished = workforce.next_finished()
        under_way -= 1
        assert finished.candidate.id not in found
        found[finished.candidate.id] = finished.measurement
    return found


def test_every_task_comes_back_once_from_processes_that_stay(workers) -> None:
    workforce = workers(2, threads=3)
    found = _finished(workforce, range(12))
    assert {number: one.size for number, one in found.items()} == {number: number for number in range(12)}
    pids = {one.details["pid"] for one in found.values()}
    assert len(pids) <= 2
    assert os.getpid() not in pids
    assert {one.details["threads"] for one in found.values()} == {3}
    assert sorted(workforce.shares) == [(number, 0.5) for number in range(12)]


def test_the_first_to_finish_comes_first_and_its_place_is_free_at_once(workers, deeds) -> None:
    deeds(0, "while not (folder / '3.pid').exists(): time.sleep(0.01)")
    assert list(_finished(workers(2), range(4)))[-2:] in ([0, 3], [3, 0])


def test_a_worker_sees_its_own_gpu(workers) -> None:
    (found,) = _finished(workers(1, gpu="5"), [0]).values()
    assert found.details["gpu"] == "5"


def test_a_worker_hears_no_interrupt_from_its_first_moment_on(workers) -> None:
    found = _finished(workers(2), range(4))
    assert all(one.details["blocked"] for one in found.values())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_a_worker_that_dies_is_replaced_and_its_task_tried_once_more(workers, deeds, said) -> None:
    deeds(1, KILLED, "pass")
    found = _finished(workers(2), range(4))
    assert {number: one.accuracy for number, one in found.items()} == dict.fromkeys(range(4), 0.5)
    assert said == ["candidate 1: worker died (SIGKILL; out of memory?); trying once more"]


def test_a_worker_killed_from_outside_is_replaced(workers, deeds, tmp_path) -> None:
    deeds(0, "time.sleep(60)", "pass")
    workforce = workers(1)

    def kill() -> None:
        while not (tmp_path / "0.pid").exists() or not (tmp_path / "0.pid").read_text():
            time.sleep(0.01)
        os.kill(int((tmp_path / "0.pid").read_text()), signal.SIGTERM)

    threading.Thread(target=kill).start()
    assert _finished(workforce, [0])[0].accuracy == 0.5


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (KILLED, "SIGKILL; out of memory?"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("os._exit(3)", "exit code 3"),
        ("sys.exit(4)", "exit code 4"),
        ("raise MemoryError", "out of memory"),
    ],
)
def test_a_candidate_that_is_lost_twice_scores_0_and_says_why(workers, deeds, said, deed, reason) -> None:
    deeds(1, deed)
    found = _finished(workers(1), range(3))
    assert found[1] == Measurement(0.0, 7.0, details={"failed": f"worker died twice ({reason})"})
    assert (found[0].accuracy, found[2].accuracy) == (0.5, 0.5)
    assert said == [
        f"candidate 1: worker died ({reason}); trying once more",
        f"candidate 1: worker died twice ({reason}); it scores 0",
    ]


def test_a_worker_that_dies_after_its_answer_loses_nothing(workers, deeds) -> None:
    deeds(0, "threading.Timer(0.2, os._exit, [1]).start()")
    workforce = workers(1)
    first = _finished(workforce, [0])
    time.sleep(0.5)
    second = _finished(workforce, [1])
    assert (first[0].accuracy, second[1].accuracy) == (0.5, 0.5)
    assert first[0].details["pid"] != second[1].details["pid"]


def test_an_error_of_a_worker_is_raised_after_all_that_had_finished(workers, deeds, tmp_path) -> None:
    deeds(0, "raise InputError('block 1: not so')")
    workforce = workers(2)
    workforce.submit(_task(0))
    workforce.submit(_task(1))
    while not (tmp_path / "0.pid").exists() or not (tmp_path / "1.pid").exists():
        time.sleep(0.01)
    time.sleep(1)  # both have answered
    assert workforce.next_finished().candidate.id == 1
    with pytest.raises(InputError) as refused:
        workforce.next_finished()
    assert str(refused.value) == "block 1: not so"


@pytest.mark.parametrize(
    ("deed", "kind", "message"),
    [
        ("1 / 0", ZeroDivisionError, "division by zero"),
        ("raise Odd('a', 'b')", RuntimeError, "Odd: a b"),
        ("return_ = lambda: 0; raise ValueError(return_)", RuntimeError, "ValueError: <function"),
    ],
)
def test_a_bug_is_raised_with_the_workers_traceback(workers, deeds, deed, kind, message) -> None:
    deeds(0, deed)
    workforce = workers(1)
    workforce.submit(_task(0))
    with pytest.raises(kind) as raised:
        workforce.next_finished()
    assert str(raised.value).startswith(message)
    assert isinstance(raised.value.__cause__, InWorkerError)
    assert "in evaluate" in str(raised.value.__cause__)


def test_what_a_worker_cannot_write_is_raised_with_its_name(workers, deeds) -> None:
    deeds(0, "raise durable.WriteError(28, 'full', 'weights/000000.npz')")
    workforce = workers(1)
    workforce.submit(_task(0))
    with pytest.raises(durable.WriteError) as failed:
        workforce.next_finished()
    assert (failed.value.errno, failed.value.filename) == (28, "weights/000000.npz")


def test_what_refuses_to_build_ends_the_search(workers, deeds) -> None:
    deeds("build", "raise InputError('no such dataset')")
    workforce = workers(1)
    workforce.submit(_task(0))
    with pytest.raises(InputError, match="no such dataset"):
        workforce.next_finished()


def test_a_worker_may_die_once_before_it_is_ready_but_not_twice(workers, deeds, said) -> None:
    deeds("build", KILLED, "pass")
    assert _finished(workers(1), [0])[0].accuracy == 0.5
    deeds("build", "os._exit(9)")
    workforce = workers(1)
    workforce.submit(_task(0))
    with pytest.raises(InputError) as refused:
        workforce.next_finished()
    assert str(refused.value) == (
        "a worker died twice before it was ready (exit code 9); give fewer --workers, or 1 to do without"
    )
    assert said == []


def test_a_signal_ends_the_waiting_soon_and_the_workers_with_it(workers, deeds) -> None:
    deeds(0, "time.sleep(60)")
    with stoppable(), closing(workers(1)) as workforce:
        workforce.submit(_task(0))
        threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
        start = time.monotonic()
        with pytest.raises(Stopped):
            workforce.next_finished()
    assert time.monotonic() - start < 10
    assert not multiprocessing.active_children()


def test_after_a_signal_what_has_finished_is_still_taken_and_nothing_new_begun(workers) -> None:
    with stoppable(), closing(workers(2)) as workforce:
        workforce.submit(_task(0))
        workforce.submit(_task(1))
        first = workforce.next_finished()
        workforce._finished.append(Finished(Candidate(5, CODE), LOST))
        os.kill(os.getpid(), signal.SIGTERM)
        workforce.submit(_task(2))
        assert workforce.next_finished().candidate.id == 5
        with pytest.raises(Stopped):
            workforce.submit(_task(3))
    assert first.measurement.accuracy == 0.5


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_workers_end_with_the_main_process_even_if_that_is_killed(deeds, tmp_path) -> None:
    for number in range(2):
        deeds(number, "time.sleep(60)")
    (tmp_path / "main.py").write_text(MAIN)
    main = subprocess.Popen([sys.executable, "main.py", str(tmp_path)], cwd=tmp_path)
    files = [tmp_path / f"{number}.pid" for number in range(2)]
    while not all(file.exists() and file.read_text() for file in files):
        assert main.poll() is None
        time.sleep(0.01)
    main.kill()
    main.wait()
    pids = [int(file.read_text()) for file in files]
    ends = time.monotonic() + 20
    while any(map(_alive, pids)):
        assert time.monotonic() < ends
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""Whole searches with workers: what they leave, and what becomes of those that are killed."""

import json
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")

DEADLY = """
import multiprocessing, os, signal
from eatnas_tf.layers import Activation, KerasLayer
from eatnas_tf.layers.conv_ops import separable

def die(name):
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(inputs, outputs, kernel, stride):
    return [*separable(inputs, outputs, kernel, stride), KerasLayer("bomb", die)]

PARTS = {"conv_ops": {"deadly": deadly}}
"""


def _processes(group: int) -> set[int]:
    """Processes of a group that are alive."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            state, _, members = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(members) == group and state != "Z":
            found.add(int(entry.name))
    return found


def _workers(process) -> set[int]:
    """Those that work for a search."""
    spawned = {
        pid for pid in _processes(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }
    return spawned - {process.pid}


def _wait_for(process, workdir: Path, lines: int) -> None:
    """Until the journal has so many lines."""
    journal = workdir / "journal.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


def _wait_until_gone(group: int) -> None:
    ends = time.monotonic() + 30
    while _processes(group):
        assert time.monotonic() < ends, _processes(group)
        time.sleep(0.05)


def _flags(stage, workdir: str, *more: str) -> tuple[str, ...]:
    return (*stage.search_flags, "--workers=2", f"--workdir={workdir}", *more)


def test_a_worker_killed_from_outside_is_replaced_and_the_search_ends_whole(stage) -> None:
    process = stage.start("search", *_flags(stage, "whole"))
    _wait_for(process, stage.folder / "whole", 2)
    victim = min(_workers(process))
    os.kill(victim, signal.SIGKILL)
    _, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    lines = stage.journal("whole")[1:]
    assert sorted(line["id"] for line in lines) == list(range(7))
    assert not any("failed" in line for line in lines)
    dead = {line["replaced"] for line in lines}
    alive = {line["id"] for line in lines} - dead
    best = json.loads((stage.folder / "whole" / "best.json").read_text())
    leaders = {max(lines, key=lambda line: line["score"])["id"], best["ranking"][0]["id"]}
    kept = {file.name for file in (stage.folder / "whole" / "weights").iterdir()}
    assert {f"{number:06d}.npz" for number in alive} <= kept
    assert kept <= {f"{number:06d}.npz" for number in alive | leaders}
    assert best["finished"] == "all 4 cycles done"
    config = json.loads((stage.folder / "whole" / "config.json").read_text())
    assert config["settings"]["workers"] == 2
    _wait_until_gone(process.pid)


def test_a_search_may_go_on_with_another_number_of_workers(stage) -> None:
    done = stage.run("search", *_flags(stage, "whole", "--cycles=5", "--workers=1"))
    assert done.returncode == 0, done.stderr
    assert sorted(line["id"] for line in stage.journal("whole")[1:]) == list(range(8))


def test_a_candidate_that_always_kills_its_worker_scores_0_and_says_why(stage) -> None:
    (stage.folder / "deadly.py").write_text(DEADLY)
    flags = _flags(
        stage, "deadly", "--plugins=deadly.py", "--conv_choices=sep,deadly", "--cycles=2", "--seed=4"
    )
    done = stage.run("search", *flags)
    assert done.returncode == 0, done.stderr
    lines = stage.journal("deadly")[1:]
    assert sorted(line["id"] for line in lines) == list(range(5))
    deadly = {line["id"] for line in lines if "deadly" in line["architecture"]}
    assert 0 < len(deadly) < 5
    for line in lines:
        if line["id"] in deadly:
            assert line["failed"] == "worker died twice (SIGKILL; out of memory?)"
            assert (line["accuracy"], line["score"]) == (0.0, 0.0)
            assert line["size"] > 0
            assert f"candidate {line['id']}: worker died (SIGKILL; out of memory?); trying" in done.stderr
        else:
            assert line["accuracy"] > 0
    again = stage.run("search", *flags)
    assert (again.returncode, again.stdout) == (0, done.stdout)


@pytest.mark.slow
def test_killed_or_interrupted_a_search_leaves_no_process_and_goes_on(stage) -> None:
    workdir = stage.folder / "stopped"
    process = stage.start("search", *_flags(stage, "stopped"))
    _wait_for(process, workdir, 2)
    assert len(_workers(process)) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    _wait_until_gone(process.pid)
    for number in (signal.SIGINT, signal.SIGTERM):
        before = len(stage.journal("stopped"))
        process = stage.start("search", *_flags(stage, "stopped"))
        _wait_for(process, workdir, before + 1)
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT) if number == signal.SIGINT else process.terminate()
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - start < 10
        assert process.returncode == 128 + number
        assert f"stopped by {signal.Signals(number).name}; the same command goes on from here" in err
        assert "Traceback" not in err
        _wait_until_gone(process.pid)
    done = stage.run("search", *_flags(stage, "stopped"))
    assert done.returncode == 0, done.stderr
    assert sorted(line["id"] for line in stage.journal("stopped")[1:]) == list(range(7))


def _resident(pids: set[int]) -> float:
    """Megabytes of memory that the processes hold together."""
    status = "".join(Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(int(size) for size in re.findall(r"^VmRSS:\s+(\d+) kB", status, re.M)) / 1024


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "candidates", "megabytes"),
    [("shared_graph", 100, 1), ("keras", 40, 2)],  # a model's graph that is kept takes 25
)
def test_over_the_second_half_of_a_search_workers_grow_by_hardly_a_megabyte_a_candidate(
    stage, engine, candidates, megabytes
) -> None:
    workdir, population, half = stage.folder / f"long_{engine}", 10, candidates // 2
    cycles = candidates - population
    flags = (
        "--population=10",
        "--sample=4",
        f"--cycles={cycles}",
        f"--patience={cycles}",
        f"--engine={engine}",
    )
    process = stage.start("search", *_flags(stage, workdir.name, *flags))
    _wait_for(process, workdir, half // 2)
    workers = _workers(process)
    before, after = 0.0, 0.0  # peaks, which a large candidate's training makes as well as memory that is kept
    while process.poll() is None:
        with suppress(OSError):  # a worker has ended, or a file was deleted
            resident = _resident(workers)
            if (workdir / "journal.jsonl").read_bytes().count(b"\n") <= half:
                before = max(before, resident)
            after = max(after, resident)
            kept = [file for file in (workdir / "weights").iterdir() if not file.name.endswith(".partial")]
            assert len(kept) <= population + 2 + 2 * len(workers)  # best, leader; those out and their parents
        time.sleep(0.05)
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(stage.journal(workdir.name)) == candidates + 1
    assert after - before < megabytes * (candidates - half)

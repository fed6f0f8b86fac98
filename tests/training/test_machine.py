"""What a process may use of its machine, read from files as Linux shows them."""

import os

import pytest

from eatnas_tf.training import machine

VERSION_1 = (
    "32 31 0:29 {source} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {source} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)
VERSION_2 = "41 31 0:38 {source} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """A root folder with the given files; the process may run on eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def made(mounts: str, group: str, source: str = "/", **files: str):
        version_1 = f"4:memory:{group}\n3:cpu,cpuacct:{group}\n"
        own = f"0::{group}\n" if mounts == VERSION_2 else version_1
        files |= {"proc/self/mountinfo": mounts.format(source=source), "proc/self/cgroup": own}
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return made


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("150000 100000", 2),
        ("250000 50000", 5),
        ("9900000 100000", 8),
        ("max 100000", 8),
        ("1000 100000", 1),
        ("rubbish", 8),
        ("", 8),
    ],
)
def test_a_quota_of_cores_is_rounded_up_and_never_more_than_the_affinity(linux, quota, cores) -> None:
    root = linux(VERSION_2, "/a", **{"sys/fs/cgroup/a/cpu.max": f"{quota}\n"})
    assert machine.cores(root) == cores


@pytest.mark.parametrize(("quota", "cores"), [("50000", 1), ("300000", 3), ("-1", 8)])
def test_a_quota_of_version_1_counts_too(linux, quota, cores) -> None:
    folder = "sys/fs/cgroup/cpu,cpuacct/a"
    files = {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": "100000"}
    assert machine.cores(linux(VERSION_1, "/a", **files)) == cores


def test_the_tightest_of_nested_groups_counts(linux) -> None:
    root = linux(
        VERSION_2,
        "/pod/container",
        **{
            "sys/fs/cgroup/pod/container/cpu.max": "max 100000",
            "sys/fs/cgroup/pod/cpu.max": "200000 100000",
            "sys/fs/cgroup/pod/container/memory.max": "4000",
            "sys/fs/cgroup/pod/memory.max": "3000",
            "sys/fs/cgroup/memory.max": "max",
        },
    )
    assert machine.cores(root) == 2
    assert min(machine.memory_limits(root)) == 3000


@pytest.mark.parametrize("source", ["/", "/docker/abc"])
def test_a_container_that_shows_its_group_as_the_host_names_it_is_read_at_the_mount(linux, source) -> None:
    files = {
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "5000",
    }
    root = linux(VERSION_1, "/docker/abc", source, **files)
    assert machine.cores(root) == 2
    assert machine.memory_limits(root) == [5000]


def test_without_any_such_files_the_affinity_counts(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert machine.cores(tmp_path) == 3
    assert machine.memory_limits(tmp_path) == []

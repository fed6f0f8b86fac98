"""What a person sets before a long search: its first members, its hours, and no search at all."""

import json

import pytest

pytestmark = pytest.mark.slow
SEEDS = ("mb3_k5_s1_w1.0_d2-sep_k3_s0_w2.0_d1", "sep_k7_s1_w0.5_d1-sep_k3_s1_w1.0_d1")


def _seconds(stage, workdir) -> float:
    lines = (stage.folder / workdir / "journal.jsonl").read_text().splitlines()[1:]
    return sum(json.loads(line)["seconds"] for line in lines)


def test_hours_end_a_search_with_the_best_so_far_and_more_of_them_go_on(stage) -> None:
    flags = (*stage.search_flags, "--workdir=timed", f"--seed_architectures={','.join(SEEDS)}")
    refused = stage.run("search", *flags, "--cycles=0", "--max_hours=0")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == (
        "search: the 0 hours of --max_hours are over after 0 of the first 3 architectures: "
        "there is no best yet; let the same command go on for longer"
    )
    assert stage.run("search", *flags, "--cycles=0").returncode == 0
    assert [line["architecture"] for line in stage.journal("timed")[1:3]] == list(SEEDS)
    given = ("--cycles=100000", f"--max_hours={(_seconds(stage, 'timed') + 6) / 3600}")
    ended = stage.run("search", *flags, *given)
    assert ended.returncode == 0, ended.stderr
    assert "hours of --max_hours are over; best quality" in ended.stdout
    best = json.loads((stage.folder / "timed" / "best.json").read_text())
    assert best["finished"].endswith("hours of --max_hours are over")
    journal = stage.journal("timed")
    again = stage.run("search", *flags, *given)
    assert (again.returncode, again.stdout) == (0, ended.stdout)
    assert stage.journal("timed") == journal
    further = stage.run("search", *flags, f"--cycles={len(journal) - 1 - 3 + 2}", "--max_hours=9")
    assert further.returncode == 2  # cycles may only be raised
    assert "--cycles: 100000 in timed" in further.stderr


def test_random_search_runs_as_any_other(stage) -> None:
    flags = ("--workdir=random", "--perturbation=random", "--inherit=none")
    assert stage.run("search", *stage.search_flags, *flags).returncode == 0
    lines = stage.journal("random")[1:]
    assert len(lines) == 3 + 4
    assert all(line["inherited"] is None for line in lines)

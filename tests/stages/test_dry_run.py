"""Dry runs: what they say, and that they leave nothing."""

import re

import pytest


def _files(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_dry_run_says_what_a_search_takes_and_writes_nothing(stage) -> None:
    flags = (*stage.search_flags, "--workdir=dry", "--workers=2", "--cycles=10", "--max_hours=3")
    done = stage.run("search", *flags, "--dry_run")
    assert done.returncode == 0, done.stderr
    assert "search: a dry run, nothing is written to dry" in done.stdout
    assert (
        "evaluations: up to 13, the first 3 architectures and a child in each of 10 cycles\n" in done.stdout
    )
    assert "each: epochs: 8, on 320 images of 14x14x1 in 10 classes, 64 a step; measured on 80" in done.stdout
    assert re.search(
        r"time: \d+ s to start, then [\d.]+ s a candidate, 2 at a time: up to .*, in no more than 3 hours",
        done.stdout,
    )
    assert len(re.findall("│ [a-z0-9_.]+-[a-z0-9_.]+ +│", done.stdout)) == 3  # a population of 3, not 4
    assert not (stage.folder / "dry").exists()


def test_of_a_search_that_has_begun_what_is_left_is_told(stage) -> None:
    assert stage.run("search", *stage.search_flags, "--workdir=begun").returncode == 0
    files = _files(stage.folder / "begun")
    done = stage.run("search", *stage.search_flags, "--workdir=begun", "--cycles=40", "--dry_run")
    assert "a child in each of 40 cycles; 7 are done" in done.stdout
    weights = [len(data) for file, data in files.items() if file.suffix == ".npz"]
    kept = 6 * sum(weights) / len(weights) / 1e6
    assert kept / 3 < float(re.search(r"disk: up to ([\d.]+) MB", done.stdout)[1]) < 3 * kept
    refused = stage.run("search", *stage.search_flags, "--workdir=begun", "--seed=4", "--dry_run")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("search: --seed: 3 in begun, now 4; it cannot change there")
    assert _files(stage.folder / "begun") == files


@pytest.mark.slow
def test_a_dry_run_of_a_pipeline_goes_through_its_stages(stage) -> None:
    flags = ("--train_examples=300", "--population=2", "--sample=2", "--cycles=1", "--epochs=2")
    done = stage.run("pipeline", *flags, "--workdir=all", "--dry_run")
    assert done.returncode == 0, done.stderr
    for number, name in enumerate(("search", "retrain", "transfer", "retrain"), start=1):
        assert f"{number} of 4: {name}: a dry run, nothing is written to all/{number}-{name}" in done.stdout
    assert "trainings: 3, one a network, then 1 of the best one on all images" in done.stdout
    assert "trainings: 1, one a network\n" in done.stdout
    assert not (stage.folder / "all").exists()

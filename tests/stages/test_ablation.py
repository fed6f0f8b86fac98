"""An ablation of whole processes, small enough to be cut off and compared."""

import csv
import json
import signal
import time

import pytest

pytestmark = pytest.mark.slow
POPULATION, CYCLES, IMAGES = 2, 1, 240
SMALL = (
    "--train_examples=300",
    f"--population={POPULATION}",
    "--sample=2",
    f"--cycles={CYCLES}",
    "--epochs=1",
    "--target_dataset=fashion_mnist_mini",
    "--seeds=5",
    "--workers=1",
)
LONGER = POPULATION + CYCLES + 5  # (3 x 240 + 300) / 240 more, rounded up


@pytest.fixture(scope="module")
def ablation(stage):
    """Cut off in the middle, then run to its end."""
    process = stage.start("ablate", *SMALL, "--workdir=run")
    journal = stage.folder / "run" / "seed5" / "scratch" / "search" / "journal.jsonl"
    while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 3):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = stage.run("ablate", *SMALL, "--workdir=run")
    assert done.returncode == 0, done.stderr
    return done


def _lines(stage, place: str) -> list[dict]:
    return stage.journal(f"run/seed5/{place}")[1:]


def test_searches_on_the_target_have_equal_budgets_but_the_one_that_goes_on(stage, ablation) -> None:
    for arm in ("eat", "eat_fresh", "worse", "random"):
        assert len(_lines(stage, f"{arm}/search")) == POPULATION + CYCLES
    assert len(_lines(stage, "scratch/search")) == LONGER


def test_what_an_arm_starts_from_is_what_it_is_named_for(stage, ablation) -> None:
    first = {
        arm: _lines(stage, f"{arm}/search")[0] for arm in ("eat", "eat_fresh", "worse", "scratch", "random")
    }
    assert first["eat"]["inherited"]["copied"] > 0
    assert first["worse"]["inherited"]["copied"] > 0
    assert [first[arm]["inherited"] for arm in ("eat_fresh", "scratch", "random")] == [None] * 3
    assert (
        first["eat"]["architecture"] == first["eat_fresh"]["architecture"] != first["worse"]["architecture"]
    )
    assert first["scratch"]["architecture"] == first["random"]["architecture"]
    ranking = json.loads((stage.folder / "run/seed5/source/search/best.json").read_text())["ranking"]
    for name, place in (("basic", 0), ("worse", -1)):
        assert _lines(stage, f"source/{name}")[0]["architecture"] == ranking[place]["architecture"]
    assert _lines(stage, "unchanged/final")[0]["architecture"] == ranking[0]["architecture"]
    assert _lines(stage, "random/search")[-1]["inherited"] is None


def test_curves_and_verdict_hold_every_arm(stage, ablation) -> None:
    results = stage.folder / "run" / "results"
    with (results / "curves.csv").open() as file:
        curves = list(csv.DictReader(file))
    cycles = {
        arm: [int(row["cycle"]) for row in curves if row["arm"] == arm]
        for arm in {row["arm"] for row in curves}
    }
    assert cycles.pop("scratch_longer") == list(range(LONGER - POPULATION + 1))
    assert cycles == {arm: [0, 1] for arm in ("eat", "eat_fresh", "worse", "scratch", "random")}
    with (results / "verdict.csv").open() as file:
        rows = {row["arm"]: row for row in csv.DictReader(file)}
    source = 3 * IMAGES
    assert {arm: int(row["images"]) for arm, row in rows.items()} == {
        "eat": source + 300 + 3 * IMAGES,
        "eat_fresh": source + 3 * IMAGES,
        "worse": source + 300 + 3 * IMAGES,
        "scratch": 3 * IMAGES,
        "scratch_longer": LONGER * IMAGES,
        "random": 3 * IMAGES,
        "unchanged": source,
    }
    for arm, row in rows.items():
        tested = _lines(stage, f"{arm}/final")[0]
        assert (row["architecture"], float(row["top1"])) == (tested["architecture"], tested["top1"])
    assert "eat against unchanged" in ablation.stdout


def test_the_same_command_only_shows_it_again_and_other_settings_are_refused(stage, ablation) -> None:
    again = stage.run("ablate", *SMALL, "--workdir=run")
    assert again.returncode == 0
    assert (
        again.stdout.split("Test accuracy on the target")[1]
        == ablation.stdout.split("Test accuracy on the target")[1]
    )
    results = stage.folder / "run" / "results"
    results.rename(results.with_name("moved"))
    results.write_text("")
    unwritten = stage.run("ablate", *SMALL, "--workdir=run")
    assert unwritten.returncode == 2
    assert (
        "run/results: cannot be written (File exists); nothing that is finished is lost" in unwritten.stderr
    )
    refused = stage.run("ablate", *SMALL, "--workdir=run", "--sample=1000", "--population=1000")
    assert refused.returncode == 2
    assert (
        "--population: 2 for source in run/ablation.json, now 1000; it cannot change there" in refused.stderr
    )

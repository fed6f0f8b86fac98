"""Work folders written by version 0.1.0 still serve: they resume, are reported, retrained and evaluated.

`tests/runs_of_0_1_0/` holds a search, a retraining of its best and a transfer from that one, as that version
wrote them.
"""

import json
import shutil
from pathlib import Path

import pytest

from eatnas_tf.space import Architecture
from eatnas_tf.stages import report

RUNS = Path(__file__).parents[1] / "runs_of_0_1_0"
FRAME = (
    "--dataset=fashion_mnist_mini",
    "--train_examples=200",
    "--image_size=14",
    "--strides=1,2",
    "--stem_filters=4",
    "--stem_stride=1",
    "--head_filters=8",
    "--epochs=1",
    "--batch_size=32",
)
SEARCH = (
    *FRAME,
    "--blocks=2",
    "--depth_choices=1,2",
    "--conv_choices=sep,mb3",
    "--population=3",
    "--sample=2",
    "--target=1000",
    "--workers=1",
    "--pictures_every=0",
)
NEXT_CHILD = "sep_k3_s0_w0.5_d1-mb3_k5_s0_w0.5_d2"  # what 0.1.0 draws next in its search


@pytest.fixture(scope="module")
def runs(stage) -> Path:
    shutil.copytree(RUNS, stage.folder, dirs_exist_ok=True)
    return stage.folder


def test_an_older_chain_is_reported(runs) -> None:
    stages = report.read(runs / "transfer").stages
    assert [one.kind for one in stages] == ["search", "retrain", "transfer"]
    assert stages[-1].basic == stages[1].test.architecture


def test_an_older_search_goes_on_with_the_child_that_comes_next(runs, stage) -> None:
    journal = runs / "search" / "journal.jsonl"
    before = journal.read_text()
    done = stage.run("search", *SEARCH, "--cycles=3", "--workdir=search")
    assert done.returncode == 0, done.stderr
    assert journal.read_text().startswith(before)
    (line,) = map(json.loads, journal.read_text().removeprefix(before).splitlines())
    assert (line["id"], line["parent"], line["architecture"]) == (5, 2, NEXT_CHILD)


def test_an_older_search_is_retrained_and_an_older_retraining_evaluated(runs, stage) -> None:
    done = stage.run("retrain", *FRAME, "--top_k=1", "--from=search", "--workdir=again")
    assert done.returncode == 0, done.stderr
    done = stage.run("evaluate", "--from=retrain", "--format=json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert Architecture.parse(found["architecture"])
    assert found["images"] == 1500

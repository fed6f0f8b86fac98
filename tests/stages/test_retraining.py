"""Retrainings: killed and gone on with, repeated, and started from a search's weights."""

import json
import signal
import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow
CODE = "sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.0_d1"
FLAGS = (
    "--dataset=fashion_mnist_mini",
    "--train_examples=600",
    "--image_size=14",
    "--strides=2,2",
    "--stem_filters=4",
    "--head_filters=8",
    "--batch_size=64",
    "--learning_rate=0.1",
    "--schedule=cosine",
    "--cutout=4",
    "--auxiliary_weight=0.4",
)


def _best(stage, folder) -> dict:
    return json.loads((stage.folder / folder / "best.json").read_text())


def _curves(stage, folder, network) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(stage.folder / folder / "tensorboard" / network), {"tensors": 0}).Reload()
    return [(one.step, one.tensor_proto.float_val[0]) for one in events.Tensors("train/loss")]


def test_a_retraining_killed_between_epochs_ends_as_one_that_was_not(stage) -> None:
    flags = (*FLAGS, f"--architecture={CODE}", "--epochs=7", "--repeats=2")
    assert stage.run("retrain", *flags, "--workdir=whole").returncode == 0
    for number, epochs in ((1, 2), (2, 4)):
        process = stage.start("retrain", *flags, "--workdir=killed")
        checkpoint = stage.folder / "killed" / "weights" / f"{number:06d}.checkpoint.npz"
        while process.poll() is None and _epochs(checkpoint) < epochs:
            time.sleep(0.01)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert checkpoint.exists()
    assert stage.run("retrain", *flags, "--workdir=killed").returncode == 0
    assert stage.journal("killed") == stage.journal("whole")
    assert _best(stage, "killed") == _best(stage, "whole")
    one, other = (np.load(stage.folder / folder / "weights.npz") for folder in ("killed", "whole"))
    assert set(one) == set(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    for network in ("network1", "final"):
        assert _curves(stage, "killed", network) == _curves(stage, "whole", network)
        assert len(_curves(stage, "killed", network)) == 7
    assert not list((stage.folder / "killed" / "weights").iterdir())


def _epochs(checkpoint) -> int:
    """How many a checkpoint holds."""
    if not checkpoint.exists():
        return 0
    with np.load(checkpoint) as file:
        return len(json.loads(file["history"].tobytes()))


def test_repeats_give_a_mean_and_a_deviation(stage) -> None:
    done = stage.run(
        "retrain", *FLAGS, f"--architecture={CODE}", "--epochs=2", "--repeats=3", "--workdir=three"
    )
    assert done.returncode == 0, done.stderr
    found = [one["top1"] for one in _best(stage, "three")["repeats"]]
    assert len(set(found)) > 1
    assert _best(stage, "three")["test"]["top1"] == found[0]
    mean, deviation = 100 * np.mean(found), 100 * np.std(found, ddof=1)
    assert f"top-1 {mean:.2f} ± {deviation:.2f} % on the test split, of 3 trainings" in done.stdout
    assert [line["name"] for line in stage.journal("three")[1:]] == ["network1", "final1", "final2"]


def test_a_retraining_may_start_from_the_searchs_weights(stage) -> None:
    assert stage.run("search", *stage.search_flags, "--workdir=search").returncode == 0
    flags = (*FLAGS, "--from=search", "--top_k=2", "--epochs=1", "--learning_rate=1e-6")
    losses = {}
    for init in ("inherit", "fresh"):
        done = stage.run("retrain", *flags, f"--init={init}", f"--workdir={init}")
        assert done.returncode == 0, done.stderr
        losses[init] = _curves(stage, init, "network1")[0][1]
    assert losses["inherit"] < losses["fresh"] - 0.1
    refused = stage.run("retrain", *FLAGS, f"--architecture={CODE}", "--init=inherit", "--workdir=never")
    assert refused.returncode == 2
    assert refused.stderr == (
        "retrain: --init=inherit takes weights from the search in --from; a code has none\n"
    )
    (stage.folder / "search" / "weights" / f"{_best(stage, 'search')['ranking'][1]['id']:06d}.npz").unlink()
    refused = stage.run("retrain", *flags, "--init=inherit", "--workdir=never")
    assert refused.returncode == 2
    assert refused.stderr.endswith(".npz is not there any more; use --init=fresh\n")
    assert not (stage.folder / "never").exists()

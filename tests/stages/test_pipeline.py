import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.training.data import open_source

pytestmark = pytest.mark.usefixtures("strategy")  # its tests resize images, which starts TensorFlow
SMALL = (
    "--train_examples=300",
    "--blocks=2",
    "--strides=2,2",
    "--stem_filters=4",
    "--head_filters=16",
    "--layers=2,4",
    "--expansion=0.5,4",
    "--population=2",
    "--sample=2",
    "--cycles=1",
    "--epochs=2",
    "--workers=2",
)
PLAIN = """
import json, sys
import keras, numpy as np
model = keras.saving.load_model("run/4-retrain/model.keras")
assert not any(name.startswith("eatnas_tf") for name in sys.modules)
data = np.load("test.npz")
logits = model.predict(data["images"], verbose=0)
print(json.dumps(float(np.mean(logits.argmax(-1) == data["labels"]))))
"""


@pytest.fixture(scope="module")
def pipeline(stage):
    done = stage.run("pipeline", *SMALL, "--workdir=run")
    assert done.returncode == 0, done.stderr
    return done


def _best(stage, folder: str) -> dict:
    return json.loads((stage.folder / "run" / folder / "best.json").read_text())


def test_a_pipeline_ends_with_the_basic_and_the_final_architecture(stage, pipeline) -> None:
    table = pipeline.stdout[pipeline.stdout.index("Each on the test split") :]
    for name, folder in (("basic", "2-retrain"), ("final", "4-retrain")):
        best = _best(stage, folder)
        row = next(line for line in table.splitlines() if f" {name} " in line)
        assert best["architecture"] in row
        assert f"{best['params']:,}" in row
        assert f"{100 * best['test']['top1']:.2f}" in row
    assert "-m tensorboard.main --logdir=run/tensorboard\n" in table
    assert "-m tensorboard.main --logdir=run/hparams\n" in table


def test_progress_names_stage_cycle_best_score_and_quality(pipeline) -> None:
    assert "1 of 4: search: evaluation 3 of 3, cycle 1 of 1, best score ever 0." in pipeline.stderr
    assert "2 of 4: retrain: epoch 6 of 6, final" in pipeline.stderr
    assert "4 of 4: retrain: epoch 2 of 2, network1" in pipeline.stderr


def test_the_transfer_starts_from_perturbations_that_inherit_the_retrained_weights(stage, pipeline) -> None:
    basic = _best(stage, "2-retrain")["architecture"]
    first = [line for line in stage.journal("run/3-transfer")[1:] if line["cycle"] == 0]
    assert len(first) == 2
    for line in first:
        assert [change[0] for change in line["mutated"]] == [1, 2]
        assert line["architecture"] != basic
        assert line["inherited"]["copied"] > 0


def test_the_saved_model_is_plain_keras_and_takes_raw_images(stage, pipeline) -> None:
    test = open_source(DataConfig(), 28).test()
    np.savez(stage.folder / "test.npz", images=test.images, labels=test.labels)
    loaded = subprocess.run(
        [sys.executable, "-c", PLAIN], cwd=stage.folder, capture_output=True, text=True, check=True
    )
    assert json.loads(loaded.stdout) == pytest.approx(_best(stage, "4-retrain")["test"]["top1"], abs=1e-3)


def test_quietly_a_pipeline_says_its_result_and_nothing_else(stage, pipeline) -> None:
    again = stage.run("pipeline", *SMALL, "--workdir=run", "--quiet")
    assert (again.returncode, again.stderr) == (0, "")
    table = pipeline.stdout[pipeline.stdout.index("Each on the test split") :]
    assert again.stdout == table[: table.index("time: ")]


def test_a_pipelines_report_tells_all_its_stages(stage, pipeline) -> None:
    done = stage.run("report", "--workdir=run", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    page = (stage.folder / "run" / "report.html").read_text()
    for folder in ("1-search", "2-retrain", "3-transfer", "4-retrain"):
        assert _best(stage, folder)["architecture"] in page
    assert "python -m eatnas_tf.bin.pipeline --train_examples=300" in page
    assert "basic beside transferred" in page
    assert "<td>retrained and tested</td>" in page
    assert "going on" not in page


def test_evaluate_measures_what_the_retraining_did(stage, pipeline) -> None:
    done = stage.run("evaluate", "--from=run/4-retrain", "--format=json")
    row, best = json.loads(done.stdout), _best(stage, "4-retrain")
    assert done.stderr.endswith("evaluate: image 1,500 of 1,500, measuring\n")
    assert row["images"] == 1500
    assert (row["params"], row["mult_adds"]) == (best["params"], best["mult_adds"])
    assert row["top1"] == pytest.approx(best["test"]["top1"], abs=1e-3)


@pytest.mark.slow
def test_evaluate_tells_the_classes_apart(stage, pipeline) -> None:
    row = json.loads(stage.run("evaluate", "--from=run/4-retrain", "--format=json").stdout)
    by_class = row["classes"].values()
    assert [one["images"] for one in by_class] == [150] * 10
    assert sum(one["top1"] * one["images"] for one in by_class) == pytest.approx(row["top1"] * 1500)
    table = stage.run("evaluate", "--from=run/4-retrain").stdout
    assert all(f" {name} " in table for name in row["classes"])


def test_predict_names_what_is_in_image_files(stage, pipeline) -> None:
    test = open_source(DataConfig(), None).test()
    names = []
    for number in range(20):
        names.append(f"{number}.png")
        Image.fromarray(test.images[number, ..., 0]).resize((30 + number, 40)).convert("RGB").save(
            stage.folder / names[-1]
        )
    model = "--model=run/4-retrain/model.keras"
    found = json.loads(stage.run("predict", model, "--format=json", "--top=10", *names).stdout)
    assert [one["image"] for one in found] == names
    classes = _best(stage, "4-retrain")["classes"]
    for one in found:
        assert set(one["classes"]) == set(classes)
        assert sum(one["classes"].values()) == pytest.approx(1, abs=1e-5)
        assert list(one["classes"].values()) == sorted(one["classes"].values(), reverse=True)
    shown = stage.run("predict", model, "--top=1", names[0])
    assert next(iter(found[0]["classes"])) in shown.stdout


def _tags(stage, folder: str, kind: str) -> dict:
    """By run of a log folder."""
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    runs = EventMultiplexer().AddRunsFromDirectory(str(stage.folder / folder)).Reload()
    return {run: runs.GetAccumulator(run).Tags()[kind] for run in runs.Runs()}


def test_tensorboard_holds_one_run_a_stage_and_the_candidates_apart(stage, pipeline) -> None:
    tags = {run: set(found) for run, found in _tags(stage, "run/tensorboard", "tensors").items()}
    assert set(tags) == {
        *("1-search", "2-retrain/network1", "2-retrain/network2", "2-retrain/final"),
        *("3-transfer", "4-retrain/network1"),
    }
    drawn = {f"pictures/{name}" for name in ("front", "occupancy", "lineage", "best")}
    shown = {
        "settings",
        "best_of_best_population",
        "population/scores",
        "population/quality",
        "search/gain",
        *drawn,
    }
    assert tags["1-search"] >= shown
    assert tags["3-transfer"] >= {*shown, "pictures/basic_and_best"}
    assert "pictures/basic_and_best" not in tags["1-search"]
    assert {"train/loss", "train/learning_rate", "validation/accuracy"} <= tags["2-retrain/network1"]
    assert "validation/accuracy" not in tags["2-retrain/final"]
    trials = {f"{name}/{number:06d}" for name in ("1-search", "3-transfer") for number in range(3)}
    assert set(_tags(stage, "run/hparams", "tensors")) == {"1-search", "3-transfer", *trials}
    for folder in ("1-search", "2-retrain"):
        assert not (stage.folder / "run" / folder / "tensorboard").exists()


def test_every_retrained_network_has_its_graph(stage, pipeline) -> None:
    graphs = _tags(stage, "run/tensorboard", "graph")
    networks = {"2-retrain/network1", "2-retrain/network2", "2-retrain/final", "4-retrain/network1"}
    assert {run for run, found in graphs.items() if found} == networks


def test_the_same_command_on_a_finished_pipeline_only_shows_it_again(stage, pipeline) -> None:
    again = stage.run("pipeline", *SMALL, "--workdir=run")
    assert again.returncode == 0
    assert again.stdout.split("time:")[0] == pipeline.stdout.split("time:")[0]


def test_no_search_and_no_selection_reads_the_test_split(stage) -> None:
    """A test split that cannot be read disturbs neither; only the last step, the test, finds it out."""
    train = open_source(DataConfig(), 14).train()
    np.savez(
        stage.folder / "train_only.npz",
        x_train=train.images[:300],
        y_train=train.labels[:300],
        x_test=np.zeros(3),
        y_test=np.zeros(3),
    )
    flags = (
        "--dataset=npz:train_only.npz",
        "--strides=2,2",
        "--stem_filters=4",
        "--head_filters=8",
        "--batch_size=64",
        "--top_k=2",
    )
    searched = stage.run(
        "search",
        *flags,
        "--blocks=2",
        "--depth_choices=1",
        "--population=2",
        "--sample=2",
        "--cycles=1",
        "--workers=1",
        "--workdir=untested",
    )
    assert searched.returncode == 0, searched.stderr
    refused = stage.run("retrain", *flags, "--from=untested", "--workdir=untested_retrain")
    assert refused.returncode == 2
    assert "x_test is float64 (3,)" in refused.stderr
    lines = stage.journal("untested_retrain")[1:]
    assert [(line["name"], line["on"]) for line in lines] == [
        ("network1", "validation"),
        ("network2", "validation"),
    ]


def test_a_pipelines_folder_may_move(stage, pipeline) -> None:
    (stage.folder / "run").rename(stage.folder / "moved")
    again = stage.run("pipeline", *SMALL, "--workdir=moved")
    (stage.folder / "moved").rename(stage.folder / "run")
    assert again.returncode == 0, again.stderr


def test_a_retraining_of_other_architectures_is_refused(stage, pipeline) -> None:
    code = "-".join(["sep_k3_s1_w1.0_d1"] * 2)
    frame = (
        "--image_size=14",
        "--strides=2,2",
        "--stem_filters=4",
        "--head_filters=16",
        "--train_examples=100",
    )
    first = stage.run("retrain", *frame, f"--architecture={code}", "--workdir=one")
    assert first.returncode == 0, first.stderr
    text = (stage.folder / "one" / "journal.jsonl").read_text()
    (stage.folder / "one" / "journal.jsonl").write_text(text.replace("sep_k3_s1", "sep_k5_s1"))
    changed = stage.run("retrain", *frame, f"--architecture={code}", "--workdir=one")
    assert changed.returncode == 2
    assert "one has retrained sep_k5_s1" in changed.stderr


def test_a_training_that_diverges_scores_0_and_ends_a_retraining_only_if_none_is_better(stage) -> None:
    code = "-".join(["sep_k3_s1_w1.0_d1"] * 2)
    flags = (
        "--image_size=14",
        "--strides=2,2",
        "--stem_filters=4",
        "--head_filters=16",
        "--train_examples=300",
        f"--architecture={code}",
        "--learning_rate=1e30",
        "--workdir=diverged",
    )
    for _ in range(2):
        refused = stage.run("retrain", *flags)
        assert refused.returncode == 2
        assert "its loss became no number: lower --learning_rate" in refused.stderr
    (line,) = stage.journal("diverged")[1:]
    assert (line["top1"], line["loss"]) == (0.0, None)

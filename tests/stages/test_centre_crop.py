"""The part of an image that a model was retrained with is the one it is evaluated and used on."""

import json
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.layers import Frame
from eatnas_tf.network import class_names
from eatnas_tf.stages import evaluate, predict

CLASSES = ["black", "white"]
CODE = "sep_k3_s1_w1.0_d1"


@pytest.fixture(scope="module", autouse=True)
def _devices(strategy):
    return strategy


def dataset(root: Path) -> Path:
    """Grey images of which the middle is of their class and the rest, three quarters, of the other."""
    for part in ("train", "test"):
        for name, inner, outer in (("black", 0, 255), ("white", 255, 0)):
            pixels = np.full((20, 24), outer, np.uint8)
            pixels[5:15, 7:17] = inner
            (root / part / name).mkdir(parents=True)
            Image.fromarray(pixels).save(root / part / name / "0.png")
    return root


def bright(path: Path, part: float | None) -> Path:
    """A model that calls an image white by its mean."""
    images = keras.Input((4, 4, 1))
    scores = keras.layers.Dense(2)
    model = keras.Model(images, scores(keras.layers.GlobalAveragePooling2D()(images)))
    scores.set_weights([np.array([[0.0, 1.0]]), np.array([0.0, -127.0])])
    model.save(path)
    class_names.add(path, CLASSES, part)
    return path


@pytest.mark.parametrize(("part", "expected"), [(0.5, 1.0), (None, 0.0)])
def test_predict_takes_the_part_that_the_model_was_retrained_with(tmp_path, capsys, part, expected) -> None:
    root = dataset(tmp_path)
    files = [root / "test" / name / "0.png" for name in CLASSES]
    predict.run(bright(tmp_path / "model.keras", part), files, 2, "json")
    found = json.loads(capsys.readouterr().out)
    shares = [one["classes"][name] for one, name in zip(found, CLASSES, strict=True)]
    assert shares == pytest.approx([expected] * 2, abs=1e-6)


@pytest.mark.parametrize(
    ("kept", "expected"), [({"centre_crop": 0.5}, 1.0), ({}, 0.0)], ids=["kept", "older"]
)
def test_evaluate_takes_the_part_of_the_retrainings_config(tmp_path, capsys, kept, expected) -> None:
    run = tmp_path / "run"
    run.mkdir()
    bright(run / "model.keras", None)
    names = ("dataset", "data_dir", "train_examples", "validation")
    config = DataConfig(f"folder:{dataset(tmp_path / 'images')}").complete()
    known = {name: getattr(config, name) for name in names}
    (run / "config.json").write_text(json.dumps({"schema": 1, "settings": known | kept}))
    best = {
        "schema": 1,
        "finished": "retrained and tested",
        "architecture": CODE,
        "weights": None,
        "frame": asdict(Frame(4, 1, len(CLASSES), strides=(1,))),
        "params": 1,
        "mult_adds": 1,
        "test": {"top1": 0, "top5": 0, "loss": 0},
        "classes": CLASSES,
    }
    (run / "best.json").write_text(json.dumps(best))
    evaluate.run(str(run), None, None, as_json=True)
    assert json.loads(capsys.readouterr().out)["top1"] == expected

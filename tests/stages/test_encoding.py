"""Files are evaluated and classified as the images were read that a model was retrained with."""

import json
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame
from eatnas_tf.network import class_names
from eatnas_tf.stages import evaluate, predict
from eatnas_tf.training.encoding import REAL, WHOLE, Encoding

CLASSES = ["black", "white"]
TWELVE_BITS = Encoding(values=WHOLE, low=0, high=4095)


@pytest.fixture(scope="module", autouse=True)
def _devices(strategy):
    return strategy


def model(path: Path, encoding: Encoding | None) -> Path:
    """Calls an image white by its mean."""
    images = keras.Input((4, 4, 1))
    scores = keras.layers.Dense(2)
    network = keras.Model(images, scores(keras.layers.GlobalAveragePooling2D()(images)))
    scores.set_weights([np.array([[0.0, 1.0]]), np.array([0.0, -127.0])])
    network.save(path)
    class_names.add(path, CLASSES, encoding=encoding.to_dict() if encoding else None)
    return path


def files(root: Path, pixels: dict[str, np.ndarray], suffix: str) -> list[Path]:
    """A file of each class."""
    found = []
    for name, values in pixels.items():
        (root / name).mkdir(parents=True)
        Image.fromarray(values).save(root / name / f"0.{suffix}")
        found.append(root / name / f"0.{suffix}")
    return found


def deep(dtype, low: float, high: float) -> dict[str, np.ndarray]:
    return {name: np.full((4, 4), value, dtype) for name, value in zip(CLASSES, (low, high), strict=True)}


def clear() -> np.ndarray:
    return np.zeros((4, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("encoding", "pixels", "suffix", "expected"),
    [
        (TWELVE_BITS, deep(np.uint16, 1000, 3000), "png", CLASSES),
        (None, deep(np.uint16, 1000, 3000), "png", ["black", "black"]),
        (Encoding(values=REAL, low=0, high=0.5), deep(np.float32, 0.2, 0.3), "tif", CLASSES),
        (Encoding(background=0), {"black": clear()}, "png", ["black"]),
        (Encoding(background=255), {"white": clear()}, "png", ["white"]),
        (None, {"white": clear()}, "png", ["white"]),
    ],
)
def test_predict_reads_files_as_the_training_did(
    tmp_path, capsys, encoding, pixels, suffix, expected
) -> None:
    predict.run(model(tmp_path / "model.keras", encoding), files(tmp_path, pixels, suffix), 1, "json")
    found = json.loads(capsys.readouterr().out)
    assert [next(iter(one["classes"])) for one in found] == expected


def test_predict_refuses_a_file_of_which_the_training_images_say_nothing(tmp_path) -> None:
    placed = files(tmp_path, deep(np.float32, 0.2, 9.0), "tif")
    with pytest.raises(
        InputError, match=r"0.tif: its pixels are floats, those of the training images are 8 bits"
    ):
        predict.run(model(tmp_path / "model.keras", None), placed, 1)


def test_evaluate_reads_files_as_the_training_did(tmp_path, capsys) -> None:
    run, data = tmp_path / "run", tmp_path / "data"
    run.mkdir()
    model(run / "model.keras", TWELVE_BITS)
    for part in (
        "train",
        "test",
    ):  # darker than what the model was trained with, so that their own range is less
        files(data / part, deep(np.uint16, 100, 900), "png")
    settings = asdict(DataConfig(f"folder:{data}").complete())
    (run / "config.json").write_text(json.dumps({"schema": 1, "settings": settings}))
    best = {
        "schema": 1,
        "finished": "retrained and tested",
        "architecture": "sep_k3_s1_w1.0_d1",
        "weights": None,
        "frame": asdict(Frame(4, 1, len(CLASSES), strides=(1,))),
        "params": 1,
        "mult_adds": 1,
        "test": {"top1": 0, "top5": 0, "loss": 0},
        "classes": CLASSES,
    }
    (run / "best.json").write_text(json.dumps(best))
    evaluate.run(str(run), None, None, as_json=True)
    assert json.loads(capsys.readouterr().out)["top1"] == 0.5

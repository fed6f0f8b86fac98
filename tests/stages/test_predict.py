"""Predictions for files and folders of which some cannot be read."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from eatnas_tf.errors import InputError
from eatnas_tf.network import class_names
from eatnas_tf.stages import predict
from eatnas_tf.stages.image_files import found

CLASSES = ["dark", "light"]


@pytest.fixture(scope="module")
def model(tmp_path_factory, strategy) -> Path:
    """A model that calls an image light by its mean."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    images = keras.Input((4, 4, 1), name="raw_images")
    scores = keras.layers.Dense(2)
    network = keras.Model(images, scores(keras.layers.GlobalAveragePooling2D()(images)))
    scores.set_weights([np.array([[0.0, 1.0]]), np.array([0.0, -127.0])])
    network.save(path)
    class_names.add(path, CLASSES, image_size=4, value_range=[0, 255])
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Two images, one of them by no image's name, one that is cut short, one empty, a text, hidden ones."""
    monkeypatch.chdir(tmp_path)
    Path("in/deep/.hidden").mkdir(parents=True)
    picture("in/a.png", 255)
    picture("in/deep/b", 0)
    picture("in/deep/.hidden/c.png", 0)
    picture("in/.d.png", 0)
    Path("in/cut.png").write_bytes(Path("in/a.png").read_bytes()[:60])
    Path("in/empty.jpg").touch()
    Path("in/notes.txt").write_text("no image")
    Path("in/deep/back").symlink_to("..")
    return tmp_path


def picture(name: str, grey: int) -> None:
    pixels = np.full((8, 8), grey, np.uint8)
    pixels[:2, :2] = np.random.default_rng(0).integers(0, 255, (2, 2))
    Image.fromarray(pixels).save(name, format="PNG")


def test_a_folder_stands_for_its_images_by_their_contents_at_any_depth() -> None:
    listed = found([Path("in"), Path("in/a.png"), Path("none.png")])
    names = ["in/a.png", "in/cut.png", "in/deep/b", "in/empty.jpg", "none.png"]
    assert [str(file) for file in listed.files] == names
    assert {str(file) for file in listed.unreadable} >= {"in/empty.jpg", "none.png"}
    assert [str(file) for file in listed.left_out] == ["in/notes.txt"]


def test_links_do_not_lead_out_of_a_folder_into_the_one_above_nor_into_hidden_ones() -> None:
    for hidden in ("@eaDir", "__MACOSX", ".Trash-0"):
        Path("in/deep", hidden).mkdir()
        picture(f"in/deep/{hidden}/x.png", 0)
    Path("in/deep/Thumbs.db").write_bytes(b"thumbs")
    Path("in/deep/gone.png").symlink_to("nowhere")
    listed = found([Path("in/deep")])
    assert [str(file) for file in listed.files] == ["in/deep/b", "in/deep/gone.png"]
    assert (list(listed.unreadable), listed.left_out) == ([Path("in/deep/gone.png")], ())


def test_files_that_cannot_be_read_are_marked_and_the_others_classified(model, capsys, caplog) -> None:
    assert predict.run(model, [Path("in")], 1, "json") == 2
    rows = {row["image"]: row for row in json.loads(capsys.readouterr().out)}
    assert [*rows["in/a.png"]["classes"], *rows["in/deep/b"]["classes"]] == ["light", "dark"]
    for bad in ("in/cut.png", "in/empty.jpg"):
        assert rows[bad]["classes"] == {}
        assert rows[bad]["error"].startswith("not an image that can be read (")
    assert caplog.messages[0] == "files that are not images are left out: 1 (in/notes.txt)"
    assert caplog.messages[1].startswith("2 of 4 files cannot be read; in/cut.png: not an image")


def test_csv_has_a_line_for_every_class_and_one_for_a_file_that_cannot_be_read(model, capsys) -> None:
    assert predict.run(model, [Path("in/a.png"), Path("gone.png")], 2, "csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["image"], row["rank"], row["class"]) for row in rows] == [
        ("in/a.png", "1", "light"),
        ("in/a.png", "2", "dark"),
        ("gone.png", "", ""),
    ]
    assert float(rows[0]["probability"]) + float(rows[1]["probability"]) == pytest.approx(1)
    assert "No such file" in rows[2]["error"]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_files_whose_names_are_no_text_are_classified(model, capsys, form) -> None:
    name = os.fsdecode(b"in/\xff.png")
    picture(name, 255)
    assert predict.run(model, [Path(name)], 1, form) == 0
    out = capsys.readouterr().out
    assert "light" in out
    assert r"\udcff" in out


def test_a_file_takes_the_output_with_names_as_they_are(model, capsys) -> None:
    picture(os.fsdecode(b"in/\xff.png"), 255)
    predict.run(model, [Path(os.fsdecode(b"in/\xff.png"))], 1, "csv", Path("found.csv"))
    assert b"\nin/\xff.png,1,light," in Path("found.csv").read_bytes()
    assert capsys.readouterr().out == ""
    with pytest.raises(InputError, match=r"--output=no/found\.csv: cannot be written \(No such file"):
        predict.run(model, [Path("in/a.png")], 1, "csv", Path("no/found.csv"))


def test_what_turns_out_to_be_no_image_only_when_read_is_refused_if_there_is_nothing_else(model) -> None:
    with pytest.raises(InputError, match=r"^in/cut\.png: not an image that can be read"):
        predict.run(model, [Path("in/cut.png")], 1)


PLAIN = """
import sys
sys.modules["eatnas_tf"] = None
import json, zipfile, keras
model = keras.saving.load_model("PATH")
about = json.loads(zipfile.ZipFile("PATH").read("eatnas_tf/classes.json"))
print(model.input_shape, about["classes"], about["preprocessing"])
"""


def test_a_model_tells_its_classes_and_preprocessing_without_this_package(model) -> None:
    command = [sys.executable, "-c", PLAIN.replace("PATH", str(model))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    preprocessing = {"centre_crop": None, "image_size": 4, "value_range": [0, 255]}
    assert done.stdout.strip() == f"(None, 4, 4, 1) {CLASSES} {preprocessing}"

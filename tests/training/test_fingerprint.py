"""What tells that a dataset changed between two runs."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import fingerprint
from eatnas_tf.training.data import open_source
from eatnas_tf.training.given_source import Datasets, given_source


def _arrays(**changes):
    rng = np.random.default_rng(0)
    good = {
        "x_train": rng.integers(0, 256, (20, 4, 4, 1), np.uint8),
        "y_train": np.arange(20) % 2,
        "x_val": rng.integers(0, 256, (4, 4, 4, 1), np.uint8),
        "y_val": np.arange(4) % 2,
        "x_test": rng.integers(0, 256, (6, 4, 4, 1), np.uint8),
        "y_test": np.arange(6) % 2,
    }
    return {**good, **changes}


def _npz(path, save=np.savez, **changes):
    save(path, **_arrays(**changes))
    return open_source(DataConfig(f"npz:{path}"), None)


def test_an_npz_that_was_touched_moved_or_compressed_is_the_same(tmp_path) -> None:
    first = _npz(tmp_path / "a.npz").fingerprint(True)
    os.utime(tmp_path / "a.npz", (0, 0))
    (tmp_path / "there").mkdir()
    for again in (tmp_path / "a.npz", shutil.copy(tmp_path / "a.npz", tmp_path / "there" / "b.npz")):
        assert open_source(DataConfig(f"npz:{again}"), None).fingerprint(True) == first
    assert _npz(tmp_path / "c.npz", np.savez_compressed, notes=np.zeros(3)).fingerprint(True) == first


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_val", "y_val", "x_test", "y_test"])
def test_an_array_that_changed_is_noticed_by_whoever_uses_it(tmp_path, name) -> None:
    first, changed = _npz(tmp_path / "a.npz"), _arrays()[name].copy()
    changed[3] ^= 1
    other = _npz(tmp_path / "a.npz", **{name: changed})
    first = _npz(tmp_path / "b.npz")
    assert other.fingerprint(True) != first.fingerprint(True)
    assert (other.fingerprint(False) != first.fingerprint(False)) == (not name.endswith("test"))


def test_names_of_classes_belong_to_a_dataset(tmp_path) -> None:
    named = _npz(tmp_path / "a.npz", classes=np.array(["cat", "dog"])).fingerprint(False)
    assert named != _npz(tmp_path / "b.npz").fingerprint(False)


def _folder(root, parts=("train", "test")):
    for part in parts:
        for number, name in enumerate(("cat", "dog")):
            (root / part / name).mkdir(parents=True)
            for image in range(6):
                Image.new("L", (8 + number, 8 + image), image).save(root / part / name / f"{image}.png")


def _of_folder(root, tests=True):
    return open_source(DataConfig(f"folder:{root}"), 8).fingerprint(tests)


def test_a_folder_that_was_touched_or_moved_is_the_same(tmp_path) -> None:
    _folder(tmp_path / "a")
    first = _of_folder(tmp_path / "a")
    for file in (tmp_path / "a").rglob("*.png"):
        os.utime(file, (0, 0))
    assert _of_folder(tmp_path / "a") == first
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert _of_folder(tmp_path / "b") == first


@pytest.mark.parametrize(
    "change",
    [
        lambda cat: (cat / "0.png").unlink(),
        lambda cat: shutil.copy(cat / "0.png", cat / "new.png"),
        lambda cat: (cat / "0.png").rename(cat.parent / "dog" / "new.png"),
        lambda cat: (cat / "0.png").rename(cat / "other.png"),
        lambda cat: Image.effect_noise((20, 20), 50).save(cat / "0.png"),
    ],
    ids=["gone", "more", "relabelled", "renamed", "another"],
)
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_folder_whose_files_changed_is_another(tmp_path, part, change) -> None:
    _folder(tmp_path)
    first = _of_folder(tmp_path, False), _of_folder(tmp_path, True)
    change(tmp_path / part / "cat")
    found = _of_folder(tmp_path, False), _of_folder(tmp_path, True)
    assert [one != other for one, other in zip(first, found, strict=True)] == [part == "train", True]


def test_a_program_s_images_are_known_by_their_contents() -> None:
    x, y = _arrays()["x_train"], _arrays()["y_train"]
    plain = given_source(Datasets((x, y)), None)
    tested = given_source(Datasets((x, y), test=(255 - x, y)), None)
    validated = given_source(Datasets((x, y), validation=(255 - x, y)), None)
    assert plain.fingerprint(False) == tested.fingerprint(False) != validated.fingerprint(False)
    assert plain.fingerprint(True) != tested.fingerprint(True)
    again = given_source(Datasets((x.copy(), y.copy()), test=(255 - x, y)), None)
    assert again.fingerprint(True) == tested.fingerprint(True)


def test_a_file_that_went_away_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match=r"gone\.png: cannot be read \(No such file or directory\); restore"):
        fingerprint.of_files(tmp_path, [tmp_path / "gone.png"])

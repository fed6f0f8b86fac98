"""Datasets in folders of images."""

from types import ModuleType

from eatnas_tf.bin import retrain, search

from .commands import CLEAR, RETRAIN, SEARCH
from .damage import Files, folder, in_turn, pictures, written
from .harness import Case, check, numbered


def of_folder(message: str, files: Files, binary: ModuleType = search, *others: str) -> Case:
    arguments = SEARCH if binary is search else RETRAIN
    return Case(binary, (*arguments, "--dataset=folder:data", *others), message, files)


EMPTY = "add some or remove its folder"
EXPECTED = (
    "expected folders such as train/, val/ and test/ with one folder a class in each, or one folder a class"
)
AWAY = "move one of them away, or rename a class that is called like a split"
NO_IMAGE = "not an image that can be read (unknown format, or damaged)"
CASES = [
    of_folder("data: no such folder; expected one folder a class in it, or in its train/", folder("else")),
    of_folder(
        "data: no such folder; expected one folder a class in it, or in its train/", written("data", "")
    ),
    of_folder("data: 0 folders; expected one a class, two at the least", folder("data")),
    of_folder("data: 1 folders; expected one a class, two at the least", pictures("a/0.png")),
    of_folder("data/train: 1 folders; expected one a class, two at the least", pictures("train/a/0.png")),
    of_folder("data: 1 folders; expected one a class, two at the least", pictures("a/0.png", ".git/0.png")),
    of_folder("data: 0 folders; expected one a class, two at the least", pictures("0.png", "1.png")),
    of_folder(
        f"data: class 'b' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b")),
    ),
    of_folder(
        f"data: class 'b' has no image (data/b/0.jpg: {NO_IMAGE}); {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b"), written("data/b/0.jpg", "no image")),
    ),
    of_folder(
        f"data: class 'b' has no image (data/b/0.png: {NO_IMAGE}); {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b"), written("data/b/0.png", "")),
    ),
    of_folder(
        rf"data: class '\x1b[2J' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder(f"data/{CLEAR}")),
    ),
    of_folder(
        rf"data: class '\n[red]\udcff' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/\n[red]\udcff")),
    ),
    of_folder(
        "data: images differ in size or are not square; give --image_size",
        in_turn(pictures("a/0.png"), pictures("b/0.png", size=(9, 9))),
    ),
    of_folder(
        "data: images differ in size or are not square; give --image_size",
        pictures("a/0.png", "b/0.png", size=(9, 8)),
    ),
    of_folder(
        "--validation: 0 of 2 training images; expected at least 1 and fewer than all",
        pictures("a/0.png", "b/0.png"),
    ),
    of_folder(
        "data: no class has the 5 images of which one is for the test",
        pictures("train/a/0.png", "train/a/1.png", "train/b/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: no class has the 5 images of which one is for the test",
        pictures("a/0.png", "a/1.png", "b/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: test/ has a class 'c' that train/ has not; remove its folder or add one to train/",
        pictures("train/a/0.png", "train/b/0.png", "test/a/0.png", "test/c/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: test/ has no image; a retraining ends with a test on it: add some or remove the folder",
        in_turn(pictures("train/a/0.png", "train/b/0.png"), folder("data/test/a"), folder("data/test/b")),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: test/ has no image; a retraining ends with a test on it: add some or remove the folder",
        in_turn(pictures("train/a/0.png", "train/b/0.png"), folder("data/test")),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: val/ has no image; networks are compared on it: add some or remove the folder",
        in_turn(pictures("train/a/0.png", "train/b/0.png"), folder("data/val/a")),
    ),
    of_folder(
        "data: val/ has a class 'c' that train/ has not; remove its folder or add one to train/",
        pictures("train/a/0.png", "train/b/0.png", "val/a/0.png", "val/c/0.png"),
    ),
    of_folder(
        "data: Train/ and train/ are the same split by their names; leave one of them there",
        pictures("train/a/0.png", "train/b/0.png", "Train/a/0.png", "Train/b/0.png"),
    ),
    of_folder(
        "data: val/ and valid/ are the same split by their names; leave one of them there",
        pictures("train/a/0.png", "val/a/0.png", "valid/a/0.png"),
    ),
    of_folder(f"data: Testing/ without a train/; {EXPECTED}", pictures("Testing/a/0.png", "Testing/b/0.png")),
    of_folder(
        f"data: test_set/ and val/ without a train/; {EXPECTED}",
        pictures("test_set/a/0.png", "val/b/0.png"),
    ),
    of_folder(
        f"data: bus/ and car/ beside train/; {EXPECTED}: {AWAY}",
        pictures("bus/0.png", "car/0.png", "train/0.png"),
    ),
    of_folder(
        "data/a: test/ and train/ in the folder of a class; expected classes in train/ and test/",
        pictures("a/train/0.png", "a/test/0.png", "b/train/0.png", "b/test/0.png"),
    ),
    of_folder(
        "data: 1 folders; expected one a class, two at the least; give data/inner if that is the dataset",
        pictures("inner/train/a/0.png", "inner/train/b/0.png"),
    ),
    of_folder(
        "data/train: 1 folders; expected one a class, two at the least; "
        "give data/train/deep if that is the dataset",
        pictures("train/deep/a/0.png", "train/deep/b/0.png"),
    ),
    Case(search, (*SEARCH, f"--dataset=folder:{'x' * 300}"), f"{'x' * 300}: no such folder; expected …"),
]


@numbered("folders", CASES)
def test_a_folder_that_is_no_dataset_is_refused(refusal, case) -> None:
    check(case, refusal(case))

"""Datasets in .npz files."""

from pathlib import Path
from types import ModuleType

import numpy as np

from eatnas_tf.bin import retrain, search

from .commands import CLEAR, RETRAIN, SEARCH
from .damage import Files, cut, folder, in_turn, npz, written
from .harness import Case, check, numbered

OBJECTS = np.array([{}] * 20, dtype=object)
LABELS = np.arange(20) % 4


def of_npz(message: str, files: Files, binary: ModuleType = search, *others: str) -> Case:
    arguments = SEARCH if binary is search else RETRAIN
    return Case(binary, (*arguments, "--dataset=npz:mine.npz", *others), f"mine.npz: {message}", files)


CASES = [
    of_npz("no such file; expected an .npz", folder("else")),
    of_npz(
        "not a readable .npz (IsADirectoryError: [Errno 21] Is a directory: 'mine.npz'); make it again",
        folder("mine.npz"),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again", written("mine.npz", "")
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        written("mine.npz", "x,y\n1,2\n"),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        in_turn(npz(), cut("mine.npz", 200)),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        lambda sound: (np.save("mine.npy", LABELS), Path("mine.npy").rename("mine.npz")),
    ),
    of_npz(
        "cannot be read (BadZipFile: Bad CRC-32 for file 'x_train.npy'); make it again",
        in_turn(
            npz(),
            lambda sound: Path("mine.npz").write_bytes(
                Path("mine.npz").read_bytes().replace(b"\0" * 99, b"\1" * 99, 1)
            ),
        ),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(x_train=OBJECTS),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(y_train=OBJECTS),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(classes=np.array(["a", "b", None, 3], dtype=object)),
    ),
    of_npz("no x_train; expected the arrays x_train, y_train", npz(x_train=None)),
    of_npz("no y_train; expected the arrays x_train, y_train", npz(y_train=None)),
    of_npz("no x_train; expected the arrays x_train, y_train", lambda sound: np.savez("mine.npz")),
    of_npz(
        "x_train is float32 (20, 8, 8, 1); expected uint8 (count, height, width, channels): give it as "
        "(x_train * 255).round().astype('uint8'), its values being 0 to 0, and the other parts by the same "
        "rule",
        npz(x_train=np.zeros((20, 8, 8, 1), np.float32)),
    ),
    of_npz(
        "x_train is uint16 (20, 8, 8); expected uint8 (count, height, width, channels): give it as "
        "(x_train >> 4).astype('uint8'), its values being 4095 to 4095, and the other parts by the same rule",
        npz(x_train=np.full((20, 8, 8), 4095, np.uint16)),
    ),
    of_npz(
        "x_train is uint8 (20, 3, 8, 8); expected (count, height, width, channels) with 1 or 3 channels: "
        "its channels come first; give np.moveaxis(x_train, 1, -1)",
        npz(x_train=np.zeros((20, 3, 8, 8), np.uint8)),
    ),
    of_npz(
        "x_train is uint8 (20, 8, 8, 4); expected (count, height, width, channels) with 1 or 3 channels: "
        "drop the transparency, x_train[..., :3]",
        npz(x_train=np.zeros((20, 8, 8, 4), np.uint8)),
    ),
    of_npz(
        "x_train is uint8 (20, 64); expected uint8 (count, height, width, channels)",
        npz(x_train=np.zeros((20, 64), np.uint8)),
    ),
    of_npz(
        "x_train is uint8 (0, 8, 8, 1); expected uint8 (count, height, width, channels)",
        npz(x_train=np.zeros((0, 8, 8, 1), np.uint8), y_train=np.zeros(0, int)),
    ),
    of_npz(
        "images are 8x6; give --image_size to make them square", npz(x_train=np.zeros((20, 8, 6), np.uint8))
    ),
    of_npz("y_train is int64 (19,); expected 20 whole numbers", npz(y_train=LABELS[:19])),
    of_npz(
        "y_train is int64 (20, 4); expected 20 whole numbers: one-hot labels become numbers by "
        "y_train.argmax(1)",
        npz(y_train=np.eye(4, dtype=int)[LABELS]),
    ),
    of_npz("y_train is float64 (20,); expected 20 whole numbers", npz(y_train=np.full(20, np.nan))),
    of_npz("all labels of y_train are 0; expected classes, two at the least", npz(y_train=LABELS * 0)),
    of_npz("all labels of y_train are 1; expected classes, two at the least", npz(y_train=LABELS >= 0)),
    of_npz(
        "y_train has labels from 1 to 4; expected classes counted from 0: give y_train - 1, or name all of "
        "the classes",
        npz(y_train=LABELS + 1),
    ),
    of_npz(
        "y_train is <U1 (20,); expected 20 whole numbers: give numbers and names, "
        "classes, y_train = np.unique(y_train, return_inverse=True)",
        npz(y_train=np.array(["a"] * 20)),
    ),
    of_npz("no y_val; expected the arrays x_val, y_val", npz(x_val=np.zeros((4, 8, 8, 1), np.uint8))),
    of_npz(
        "x_val, y_val do not match x_train, y_train in channels or classes: 1 channels and labels up to 4, "
        "for 1 and 4 classes",
        npz(x_val=np.zeros((4, 8, 8, 1), np.uint8), y_val=np.arange(4) + 1),
    ),
    of_npz(
        "has x_val and x_valid; keep one to validate on",
        npz(x_val=np.zeros((4, 8, 8, 1), np.uint8), y_valid=np.arange(4)),
    ),
    of_npz(
        "y_train has labels from -1 to 2; expected classes counted from 0, at most 100,000 of them",
        npz(y_train=LABELS - 1),
    ),
    of_npz(
        "y_train has labels from 0 to 4294967296; expected classes counted from 0, at most 100,000 of them",
        npz(y_train=np.append(LABELS[:19], 2**32)),
    ),
    of_npz("2 names in classes, labels up to 3", npz(classes=np.array(["a", "b"]))),
    of_npz(
        "classes names '[red]\\x1b[2J' twice; give every class its own name",
        npz(classes=np.array([f"[red]{CLEAR}"] * 4)),
    ),
    of_npz("no x_test; a retraining ends with a test on x_test, y_test", npz(x_test=None), retrain),
    of_npz("no y_test; a retraining ends with a test on x_test, y_test", npz(y_test=None), retrain),
    Case(search, (*SEARCH, f"--dataset=npz:{CLEAR}"), r"\x1b[2J: no such file; expected an .npz"),
    Case(
        search,
        (*SEARCH, f"--dataset=npz:{'x' * 300}"),
        f"{'x' * 300}: not a readable .npz (OSError: [Errno 36] …",
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--train_examples=21"),
        "--train_examples: 21 is more than the 20 training images of npz:mine.npz; give fewer, or 0 for all",
        npz(),
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--validation=0.01"),
        "--validation: 0 of 20 training images; expected at least 1 and fewer than all",
        npz(),
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--num_classes=10"),
        "num_classes: 10 was asked for, the dataset has 4; drop the flag",
        npz(),
    ),
]


@numbered("npz", CASES)
def test_an_npz_that_is_no_dataset_is_refused(refusal, case) -> None:
    check(case, refusal(case))

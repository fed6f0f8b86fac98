"""TensorBoard's files."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import logging
from PIL import Image

WITHOUT_DEVICES = """
import sys
from pathlib import Path
from eatnas_tf.reporting.board import Board
from tensorflow.python.eager import context
Board(Path(sys.argv[1])).scalars({"a": 1.0}, 1)
print(context.context()._initialized)
"""


@pytest.fixture
def board(strategy, tmp_path):
    """A new board in `tmp_path / "board"`."""
    from eatnas_tf.reporting.board import Board

    return lambda: Board(tmp_path / "board")


def _read(folder) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, event.tensor_proto.float_val[0]) for event in found.Tensors(tag)]
        for tag in found.Tags()["tensors"]
    }


def test_what_is_written_is_read_by_tensorboard_and_a_new_board_begins_anew(board, tmp_path) -> None:
    first = board()
    first.scalars({"a/b": 0.5, "c": 2.0}, 1)
    first.scalars({"a/b": 0.25}, 7)
    first.scalars({}, 8)
    assert _read(tmp_path / "board") == {"a/b": [(1, 0.5), (7, 0.25)], "c": [(1, 2.0)]}
    board().scalars({"d": 1.0}, 0)
    assert _read(tmp_path / "board") == {"d": [(0, 1.0)]}


def test_what_cannot_be_written_is_said_once_and_ends_nothing(board, tmp_path, said) -> None:
    (tmp_path / "board").write_text("a file is in the way")
    blocked = board()
    blocked.scalars({"a": 1.0}, 1)
    (warning,) = said
    assert warning.startswith("TensorBoard: cannot write (")


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """Warnings."""
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda message, *given: lines.append(message % given))
    return lines


def test_a_disk_that_fills_up_within_a_record_is_said_once_and_what_was_whole_is_read(
    board, tmp_path, full_after, said
) -> None:
    first = board()
    first.scalars({"a": 1.0}, 1)
    (file,) = (tmp_path / "board").iterdir()
    with full_after(file.stat().st_size + 20):
        first.scalars({"a": 2.0}, 2)
    first.scalars({"a": 3.0}, 3)
    assert [line[:31] for line in said] == ["TensorBoard: cannot write ([Err"]
    assert _read(tmp_path / "board") == {"a": [(1, 1.0)]}


@pytest.mark.parametrize("deed", ["unlink", "mkdir", "open"])
def test_a_folder_that_refuses_anything_is_said_once(board, said, monkeypatch, deed) -> None:
    board().scalars({"a": 1.0}, 1)

    def refuse(path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, deed, refuse)
    board().scalars({"a": 1.0}, 1)
    (warning,) = said
    assert warning.startswith("TensorBoard: cannot write ([Errno 13] Permission denied: ")


def test_a_folder_that_is_a_link_or_a_disk_of_its_own_is_emptied_and_used(board, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "board").symlink_to("elsewhere")
    board().scalars({"a": 1.0}, 1)
    board().scalars({"b": 1.0}, 2)
    assert _read(tmp_path / "elsewhere") == {"b": [(2, 1.0)]}


def test_a_board_takes_no_device(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DEVICES, str(tmp_path / "board")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_a_picture_of_images_is_a_square_of_them_and_large_enough_to_look_at(board, tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    images = np.random.default_rng(0).integers(0, 255, (5, 8, 6, 3), np.uint8)
    board().images("augmented", images)
    (event,) = EventAccumulator(str(tmp_path / "board")).Reload().Tensors("augmented")
    width, height, png = event.tensor_proto.string_val
    picture = np.asarray(Image.open(io.BytesIO(png)))
    assert picture.shape == (int(height), int(width), 3)
    assert int(width) >= 450
    factor = 480 // (3 * 6)
    for number, image in enumerate(images):
        top, left = number // 3 * (8 * factor + 2), number % 3 * (6 * factor + 2)
        shown = picture[top : top + 8 * factor : factor, left : left + 6 * factor : factor]
        np.testing.assert_array_equal(shown, image)
    assert (picture[-2:] == 255).all()

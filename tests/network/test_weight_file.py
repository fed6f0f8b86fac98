"""Weights on disk."""

import numpy as np
import pytest

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.network import npz, weight_file

WEIGHTS = {
    "stem_conv/kernel": np.arange(9, dtype=np.float32).reshape(3, 3, 1, 1),
    "head_dense/bias": np.float32([0.5, np.nan, -np.inf]),
}


def assert_holds(path, weights):
    found = weight_file.load(path)
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def test_what_was_saved_is_loaded_and_no_partial_file_stays(tmp_path):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)
    assert_holds(path, WEIGHTS)
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_half_way_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)

    def full_disk(file, _):
        file.write(b"PK half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(npz, "write", full_disk)
        with pytest.raises(OSError, match="no space"):
            weight_file.save(path, {"other": np.zeros(2)})
    assert_holds(path, WEIGHTS)
    weight_file.save(path, {"other": np.zeros(2)})
    assert_holds(path, {"other": np.zeros(2)})
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("room", [0, 1, 100, 300, 500])
def test_a_disk_that_fills_up_is_named_and_nothing_half_written_takes_its_room(tmp_path, full_after, room):
    path = tmp_path / "weights.npz"
    with full_after(room), pytest.raises(durable.WriteError) as failed:
        weight_file.save(path, WEIGHTS)
    assert (failed.value.filename, failed.value.strerror) == (str(path), "File too large")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"weights\.npz: no such file; expected an \.npz$"):
        weight_file.load(tmp_path / "weights.npz")


def test_half_a_file_is_refused(tmp_path):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"weights\.npz: not a readable \.npz \(BadZipFile"):
        weight_file.load(path)


def test_a_flipped_bit_in_a_variable_is_noticed(tmp_path):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)
    content = bytearray(path.read_bytes())
    content[content.index(WEIGHTS["stem_conv/kernel"].tobytes()) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.npz: cannot be read \(BadZipFile: Bad CRC-32"):
        weight_file.load(path)


def test_an_object_is_not_saved_as_a_pickle(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        weight_file.save(tmp_path / "weights.npz", {"object": np.array([{}], dtype=object)})
    assert not (tmp_path / "weights.npz").exists()

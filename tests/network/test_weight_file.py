"""Weights on disk."""

import io

import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.network import weight_file

WEIGHTS = {
    "stem_conv/kernel": np.arange(9, dtype=np.float32).reshape(3, 3, 1, 1),
    "head_dense/bias": np.float32([0.5, np.nan, -np.inf]),
}
# numpy.load leaves a damaged archive to the garbage collector.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


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

    def full_disk(file, **_):
        file.write(b"PK half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full_disk)
        with pytest.raises(OSError, match="no space"):
            weight_file.save(path, {"other": np.zeros(2)})
    assert_holds(path, WEIGHTS)
    weight_file.save(path, {"other": np.zeros(2)})
    assert_holds(path, {"other": np.zeros(2)})
    assert list(tmp_path.iterdir()) == [path]


def test_weights_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"weights\.npz: no readable weights \(FileNotFoundError"):
        weight_file.load(tmp_path / "weights.npz")


@LEFT_OPEN
@pytest.mark.parametrize("kept", [0, 1, 10, 150, -1, -30])
def test_a_truncated_file_is_refused(tmp_path, kept):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="no readable weights"):
        weight_file.load(path)


@LEFT_OPEN
@pytest.mark.parametrize("content", [b"not an archive", b"PK\x03\x04" + bytes(40), bytes(1000)])
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no readable weights"):
        weight_file.load(path)


def test_a_flipped_bit_in_a_variable_is_noticed(tmp_path):
    path = tmp_path / "weights.npz"
    weight_file.save(path, WEIGHTS)
    content = bytearray(path.read_bytes())
    content[content.index(WEIGHTS["stem_conv/kernel"].tobytes()) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="BadZipFile"):
        weight_file.load(path)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_a_pickle_is_refused_unread(tmp_path):
    path = tmp_path / "weights.npz"
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([Bomb()], dtype=object))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="no readable weights"):
        weight_file.load(path)


def test_an_object_is_not_saved_as_a_pickle(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        weight_file.save(tmp_path / "weights.npz", {"object": np.array([{}], dtype=object)})
    assert not (tmp_path / "weights.npz").exists()

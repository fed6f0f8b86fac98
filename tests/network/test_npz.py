"""Reading `.npz` files of which nothing is trusted."""

import io

import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.network import npz

SMALL = {"kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.float32([0.5, np.nan])}
# Large enough that an array's header is parsed before all of the member was read and its checksum compared.
LARGE = {"kernel": np.arange(8000, dtype=np.float32)}
SAVES = pytest.mark.parametrize("save", [np.savez, np.savez_compressed])


def saved(save, arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def read(path):
    names = npz.names(path)
    return dict(zip(names, npz.arrays(path, names), strict=True))


def refusal(path):
    """What a file is refused with: one line that starts with its path."""
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"{path}: ")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.npz"


@SAVES
def test_the_arrays_asked_for_are_read_in_their_order(save, path):
    path.write_bytes(saved(save, SMALL))
    assert npz.names(path) == ["kernel", "bias"]
    bias, kernel = npz.arrays(path, ["bias", "kernel"])
    np.testing.assert_array_equal(bias, SMALL["bias"])
    np.testing.assert_array_equal(kernel, SMALL["kernel"])
    assert bias.dtype == kernel.dtype == np.float32
    assert npz.arrays(path, []) == []


def test_an_array_that_is_not_there_is_named(path):
    path.write_bytes(saved(np.savez, SMALL))
    with pytest.raises(InputError, match=r"a\.npz: no gamma; expected the arrays bias, gamma, beta$"):
        npz.arrays(path, ["bias", "gamma", "beta"])


@pytest.mark.parametrize("function", [npz.names, lambda path: npz.arrays(path, ["kernel"])])
def test_a_file_that_is_not_there_is_refused(function, path):
    with pytest.raises(InputError, match=r"a\.npz: no such file; expected an \.npz$"):
        function(path)


def test_a_folder_is_refused(path):
    path.mkdir()
    assert refusal(path).startswith("not a readable .npz (IsADirectoryError")


@SAVES
@pytest.mark.parametrize("kept", [0, 1, 10, 150, -1, -30])
def test_a_truncated_file_is_refused(save, kept, path):
    path.write_bytes(saved(save, SMALL)[:kept])
    assert refusal(path).startswith("not a readable .npz (BadZipFile")


@pytest.mark.parametrize(
    "content",
    [b"not an archive", b"x,y\n1,2\n", b"PK\x03\x04" + bytes(40), bytes(1000)],
    ids=["text", "table", "a zip's beginning", "zeros"],
)
def test_garbage_is_refused(content, path):
    path.write_bytes(content)
    assert refusal(path).startswith("not a readable .npz (BadZipFile")


def test_a_single_array_is_refused(path):
    buffer = io.BytesIO()
    np.save(buffer, SMALL["kernel"])
    path.write_bytes(buffer.getvalue())
    assert refusal(path).startswith("not a readable .npz (BadZipFile")


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


@SAVES
def test_a_pickle_is_refused_unread(save, path):
    path.write_bytes(saved(save, {"weights": np.array([Bomb()], dtype=object)}))
    assert refusal(path).startswith("cannot be read (ValueError")


def test_a_bare_pickle_is_refused_unread(path):
    path.write_bytes(np.array([Bomb()], dtype=object).dumps())
    assert refusal(path).startswith("not a readable .npz (BadZipFile")


def assert_the_same_or_refused(path, content, place, mask, arrays):
    """One byte changed gives an InputError, or arrays that are what they were."""
    content = bytearray(content)
    content[place] ^= mask
    path.write_bytes(content)
    try:
        found = read(path)
    except InputError:
        refusal(path)
        return
    assert found.keys() <= arrays.keys(), (place, mask)
    for name, value in found.items():
        np.testing.assert_array_equal(value, arrays[name], err_msg=f"byte {place} ^ {mask}")


@SAVES
def test_any_byte_changed_is_refused_or_does_no_harm(save, path):
    content = saved(save, SMALL)
    for place in range(len(content)):
        for mask in (0xFF, 0x01):
            assert_the_same_or_refused(path, content, place, mask, SMALL)


def test_any_byte_changed_in_the_header_of_a_large_array_is_refused_or_does_no_harm(path):
    content = saved(np.savez, LARGE)
    start = content.index(b"\x93NUMPY")
    for place in range(start, start + 128):
        for mask in (0xFF, 0x01, 0x02, 0x04, 0x08):
            assert_the_same_or_refused(path, content, place, mask, LARGE)


def test_what_is_written_is_read_by_numpy_whatever_the_arrays_are_called(tmp_path) -> None:
    values = {"file": np.arange(3), "allow_pickle": np.ones(2, np.float32), "a/b": np.float64(1.5)}
    with (tmp_path / "a.npz").open("wb") as file:
        npz.write(file, values)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert {name: found[name].tolist() for name in found.files} == {
            name: value.tolist() for name, value in values.items()
        }


def test_objects_are_not_written(tmp_path) -> None:
    with (tmp_path / "a.npz").open("wb") as file, pytest.raises(ValueError, match="Object arrays"):
        npz.write(file, {"a": np.array([object()])})

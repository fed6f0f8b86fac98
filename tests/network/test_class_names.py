"""Class names and the part of an image in a `.keras` file of which nothing is trusted."""

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.errors import InputError
from eatnas_tf.network import class_names

NAMES = ["cat", "dog"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("names") / "model.keras"


def whole(path, method=zipfile.ZIP_STORED):
    """The bytes of a file with other members and NAMES."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("config.json", "{}" * 50)
    class_names.add(path, NAMES, 0.875)
    return path.read_bytes()


def read(path, data):
    """The names and the part, or None if the file is refused in one line."""
    path.write_bytes(data)
    try:
        return class_names.read(path), class_names.centre_crop(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        return None


@given(st.lists(st.text()), st.none() | st.floats(0.1, 1))
def test_any_names_are_read_as_they_were_added(path, names, part) -> None:
    with zipfile.ZipFile(path, "w"):
        pass
    class_names.add(path, names, part)
    assert (class_names.read(path), class_names.centre_crop(path)) == (names, part)


def test_a_file_that_has_names_only_squeezes_images(path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(class_names.MEMBER, json.dumps(NAMES))
    assert (class_names.read(path), class_names.centre_crop(path)) == (NAMES, None)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_byte_changed_is_refused_or_does_no_harm(path, method) -> None:
    data = whole(path, method)
    for place in range(len(data)):
        for mask in (0xFF, 0x01):
            changed = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
            assert read(path, changed) in ((NAMES, 0.875), None), (place, mask)


@given(st.binary() | st.binary().map(lambda data: b"PK\x03\x04" + data))
def test_any_bytes_are_refused(path, data) -> None:
    assert read(path, data) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON.map(json.dumps) | st.text() | st.binary())
def test_any_member_is_names_or_refused(path, content) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(class_names.MEMBER, content)
    found = read(path, path.read_bytes())
    assert found is None or all(isinstance(name, str) for name in found[0])

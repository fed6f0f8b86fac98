"""What every store of weights does: a folder, and one in memory."""

import cloudpickle
import numpy as np
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.network import weight_file
from eatnas_tf.network.weight_store import InFile, Stored, WeightFolder


def weights(value: float) -> dict[str, np.ndarray]:
    return {"stem_conv/kernel": np.full((3, 3, 1, 2), value, np.float32)}


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path, memory):
    return WeightFolder(tmp_path) if request.param == "folder" else memory


def value_of(found) -> float:
    return found["stem_conv/kernel"].item(0)


def test_weights_come_back_as_they_were_saved_last(store) -> None:
    store.save(3, weights(1))
    store.save(4, weights(2))
    store.save(3, weights(5))
    assert [value_of(store.load(number)) for number in (3, 4)] == [5, 2]
    assert value_of(Stored(store, 4).load()) == 2


def test_weights_that_were_not_saved_are_refused_and_take_no_bytes(store) -> None:
    store.save(3, weights(1))
    assert [store.has(number) for number in (3, 4)] == [True, False]
    assert store.size(3) >= 72
    assert store.size(4) == 0
    with pytest.raises(InputError):
        store.load(4)
    with pytest.raises(InputError):
        Stored(store, 4).load()


def test_all_weights_but_the_kept_and_the_pending_are_deleted(store) -> None:
    for number in range(6):
        store.save(number, weights(number))
    store.keep({1, 9}, {4})
    assert [number for number in range(6) if store.has(number)] == [1, 4]
    store.keep({1})
    assert [number for number in range(6) if store.has(number)] == [1]


def test_every_network_has_a_place_of_its_own(store) -> None:
    assert len({store.place(number) for number in range(20)}) == 20


def test_a_folder_names_its_files_as_it_always_has(tmp_path) -> None:
    (tmp_path / "weights").mkdir()
    store = WeightFolder(tmp_path / "weights")
    store.save(12, weights(1))
    assert store.place(12) == "weights/000012.npz"
    assert value_of(weight_file.load(tmp_path / store.place(12))) == 1


def test_a_copy_of_a_folder_sees_what_was_saved_later(tmp_path) -> None:
    store = WeightFolder(tmp_path)
    copy = cloudpickle.loads(cloudpickle.dumps(store))
    store.save(0, weights(7))
    assert value_of(copy.load(0)) == 7


def test_a_file_of_weights_is_read_when_it_is_needed(tmp_path) -> None:
    found = InFile(tmp_path / "weights.npz")
    with pytest.raises(InputError, match="no such file"):
        found.load()
    weight_file.save(tmp_path / "weights.npz", weights(3))
    assert value_of(found.load()) == 3

"""The places of a search's workers."""

import sys
from types import SimpleNamespace

import pytest

from eatnas_tf.configs import RuntimeConfig
from eatnas_tf.stages import devices
from eatnas_tf.stages.worker import Place


@pytest.fixture
def machine(monkeypatch):
    """A machine with so many cores and GPUs, and CUDA's variable."""

    def make(cores: int, gpus: int, visible: str | None = None) -> None:
        config = SimpleNamespace(list_physical_devices=lambda kind: [kind] * gpus)
        monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
        monkeypatch.setattr(devices, "cores", lambda: cores)
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return make


@pytest.mark.parametrize(
    ("cores", "workers", "expected"),
    [
        (4, None, [1, 1, 1, 1]),
        (4, 1, [4]),
        (4, 2, [2, 2]),
        (4, 3, [1, 1, 1]),
        (2, 3, [1, 1, 1]),
        (1, None, [1]),
    ],
)
def test_without_gpus_the_cores_are_shared_out(machine, cores, workers, expected) -> None:
    machine(cores, 0)
    found = devices.places(RuntimeConfig("run"), workers)
    assert found == [Place(threads=threads) for threads in expected]


@pytest.mark.parametrize(
    ("gpus", "visible", "workers", "expected"),
    [
        (2, None, None, ["0", "1"]),
        (2, None, 1, ["0"]),
        (2, None, 3, ["0", "1", "0"]),
        (2, "3,GPU-5f", None, ["3", "GPU-5f"]),
        (1, "3,9", 2, ["3", "3"]),
    ],
)
def test_gpus_are_dealt_round_by_the_names_that_cuda_was_given(
    machine, gpus, visible, workers, expected
) -> None:
    machine(8, gpus, visible)
    found = devices.places(RuntimeConfig("run"), workers)
    assert found == [Place(gpu=gpu) for gpu in expected]


def test_mirroring_has_one_place(machine) -> None:
    machine(8, 4)
    assert devices.places(RuntimeConfig("run", "mirrored"), None) == [Place()]

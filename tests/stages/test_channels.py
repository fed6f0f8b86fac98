"""Channel statistics of streamed images are computed once for a work folder."""

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.stages import channels
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training import examples
from eatnas_tf.training.data import held, open_source, split
from eatnas_tf.training.examples import Examples, Streamed


@pytest.fixture
def streamed(strategy, tmp_path, monkeypatch):
    """Twenty images of noise, too many for memory."""
    for number in range(20):
        path = tmp_path / "images" / "train" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 10 * number + 10, (9, 8, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    return open_source(DataConfig(f"folder:{tmp_path / 'images'}"), 6).train()


@pytest.fixture
def passes(monkeypatch):
    """The images of which statistics were computed, a number a pass."""
    seen, statistics = [], Streamed.statistics

    def counted(self):
        seen.append(len(self))
        return statistics(self)

    monkeypatch.setattr(Streamed, "statistics", counted)
    return seen


def test_statistics_are_computed_once_for_a_work_folder_and_the_same_images(
    tmp_path, streamed, passes
) -> None:
    workdir = Workdir(tmp_path / "run")
    workdir.path.mkdir()
    train, validation = split(streamed, DataConfig(), 0)
    expected = train.statistics()
    for _ in range(2):
        found = channels.whitening(workdir, train)
        np.testing.assert_array_equal(found.mean, expected[0])
        np.testing.assert_array_equal(found.deviation, expected[1])
        assert found.mean.dtype == found.deviation.dtype == np.float32
    assert passes == [16, 16]
    other = channels.whitening(workdir, validation)
    assert (other.mean != expected[0]).all()
    channels.whitening(workdir, train)
    assert passes == [16, 16, 4]


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 1}', '{"schema": 1, "channels": [1]}'])
def test_a_damaged_file_of_statistics_is_written_anew(tmp_path, streamed, content, passes) -> None:
    workdir = Workdir(tmp_path / "run")
    workdir.path.mkdir()
    (workdir.path / channels.FILE).write_text(content)
    for _ in range(2):
        channels.whitening(workdir, streamed)
    assert passes == [20]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [1],
        {},
        {"mean": [1, 2, 3]},
        {"mean": [1, 2, 3], "deviation": 7},
        {"mean": [1, 2, 3], "deviation": [1, 2]},
        {"mean": [1, 2, 3], "deviation": [1, 2, 0]},
        {"mean": [1, 2, "3"], "deviation": [1, 2, 3]},
        {"mean": [1, 2, float("nan")], "deviation": [1, 2, 3]},
    ],
)
def test_damaged_statistics_are_computed_anew_and_others_kept(tmp_path, streamed, entry, passes) -> None:
    workdir = Workdir(tmp_path / "run")
    workdir.path.mkdir()
    train, validation = split(streamed, DataConfig(), 0)
    for part in (train, validation):
        channels.whitening(workdir, part)
    kept = workdir.read(channels.FILE)
    workdir.write(channels.FILE, kept | {"channels": kept["channels"] | {train.identity(): entry}})
    for part in (train, validation):
        channels.whitening(workdir, part)
    assert passes == [16, 4, 16]
    assert workdir.read(channels.FILE) == kept


def test_images_to_validate_on_are_held_where_they_fit(streamed, monkeypatch) -> None:
    _, validation = split(streamed, DataConfig(), 0)
    assert isinstance(held(validation), Streamed)
    monkeypatch.setattr(examples, "memory_limit", lambda: 2 * 4 * 6 * 6 * 3)
    assert isinstance(held(streamed), Streamed)
    found = held(validation, 2)
    assert isinstance(found, Examples)
    assert found.images.shape == (4, 6, 6, 3)
    assert held(found) is found
    assert isinstance(held(validation, 3), Streamed)


def test_no_more_than_a_quarter_of_the_memory_and_half_of_what_is_free_is_held(monkeypatch) -> None:
    texts = {"/sys/fs/cgroup/memory.max": "max\n", "/proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 8 kB\n"}

    def read(path, **options):
        if str(path) not in texts:
            raise FileNotFoundError(str(path))
        return texts[str(path)]

    monkeypatch.setattr(examples.Path, "read_text", read)
    monkeypatch.setattr(examples.os, "sysconf", {"SC_PHYS_PAGES": 20_000, "SC_PAGE_SIZE": 1}.get)
    assert examples.memory_limit() == 4096
    texts["/sys/fs/cgroup/memory.max"] = "4000\n"
    assert examples.memory_limit() == 1000
    texts.clear()
    assert examples.memory_limit() == 5000

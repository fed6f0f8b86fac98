"""Channel statistics of streamed images are computed once for a work folder."""

import json
import multiprocessing

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import (
    DataConfig,
    EvolutionConfig,
    FrameConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
)
from eatnas_tf.stages import channels, search, setting
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training import examples
from eatnas_tf.training.data import held, open_source, split
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.strategy import configure


@pytest.fixture
def dataset(tmp_path):
    """Twenty images of noise to train on, and one to test on."""
    for number in range(20):
        path = tmp_path / "images" / "train" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 10 * number + 10, (9, 8, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    (tmp_path / "images" / "test" / "a").mkdir(parents=True)
    Image.new("RGB", (9, 8)).save(tmp_path / "images" / "test" / "a" / "0.png")
    return DataConfig(f"folder:{tmp_path / 'images'}")


@pytest.fixture
def streamed(strategy, dataset):
    return open_source(dataset, 6).train(room=0)


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


def compute(barrier, workdir, dataset, number) -> None:
    """One of several processes that ask at the same time; writes down what it got, and when it computed."""
    configure("one_device")
    train, statistics = open_source(dataset, 6).train(room=0), Streamed.statistics

    def told(self):
        (workdir.path / f"computed-{number}").touch()
        return statistics(self)

    Streamed.statistics = told
    barrier.wait(timeout=300)
    found = channels.whitening(workdir, train)
    parts = [part.tolist() for part in (found.mean, found.deviation)]
    (workdir.path / f"found-{number}").write_text(json.dumps(parts))


def test_of_processes_that_ask_at_once_one_computes_and_all_agree(tmp_path, dataset, streamed) -> None:
    workdir, context = Workdir(tmp_path / "run"), multiprocessing.get_context("spawn")
    workdir.path.mkdir()
    barrier = context.Barrier(3)
    processes = [context.Process(target=compute, args=(barrier, workdir, dataset, n)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(400)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(list(workdir.path.glob("computed-*"))) == 1
    expected = [part.tolist() for part in streamed.statistics()]
    found = [json.loads(file.read_text()) for file in workdir.path.glob("found-*")]
    assert found == [expected] * 3
    assert list(workdir.read(channels.FILE)["channels"]) == [streamed.identity()]


def test_workers_stream_what_the_main_process_found_too_large(tmp_path, dataset, monkeypatch) -> None:
    monkeypatch.setattr(setting, "memory_limit", lambda: 0)
    frame = FrameConfig(image_size=6, strides=(1,), stem_filters=2, head_filters=2)
    config = SearchConfig(
        frame=frame,
        space=SpaceConfig(blocks=1, depth_choices=(1,)),
        data=dataset,
        training=TrainingConfig(batch_size=8),
        evolution=EvolutionConfig(population=3, sample=2, cycles=1),
        workers=2,
    )
    search.run(config, RuntimeConfig(str(tmp_path / "run")))
    assert len(Workdir(tmp_path / "run").read(channels.FILE)["channels"]) == 1


def test_images_to_validate_on_are_held_where_they_fit(streamed) -> None:
    _, validation = split(streamed, DataConfig(), 0)
    room = 4 * 6 * 6 * 3
    assert isinstance(held(streamed, room), Streamed)
    assert isinstance(held(validation, room - 1), Streamed)
    found = held(validation, room)
    assert isinstance(found, Examples)
    assert found.images.shape == (4, 6, 6, 3)
    assert held(found, 0) is found


def test_no_more_than_a_quarter_of_the_memory_and_a_third_of_what_is_free_is_held(monkeypatch) -> None:
    texts = {"/sys/fs/cgroup/memory.max": "max\n", "/proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 6 kB\n"}

    def read(path, **options):
        if str(path) not in texts:
            raise FileNotFoundError(str(path))
        return texts[str(path)]

    monkeypatch.setattr(examples.Path, "read_text", read)
    monkeypatch.setattr(examples.os, "sysconf", {"SC_PHYS_PAGES": 20_000, "SC_PAGE_SIZE": 1}.get)
    assert examples.memory_limit() == 2048
    texts["/sys/fs/cgroup/memory.max"] = "4000\n"
    assert examples.memory_limit() == 1000
    texts.clear()
    assert examples.memory_limit() == 5000

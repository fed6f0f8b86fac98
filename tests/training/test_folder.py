"""Datasets in folders, made of files of every kind that people have."""

import contextlib
import errno
import os
import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import examples
from eatnas_tf.training.data import open_source, split, warn_of_rare_classes
from eatnas_tf.training.examples import Examples, Streamed, resized
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.images import header, read

KINDS = ("png", "jpg", "bmp", "gif", "webp", "tif")


def picture(path: Path, size=(8, 8), mode="RGB", seed=0) -> np.ndarray:
    """Writes an image of noise and gives its pixels."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def folder(root: Path, counts: dict[str, int], **options) -> DataConfig:
    for place, count in counts.items():
        for number in range(count):
            picture(root / place / f"{number:03d}.png", seed=number, **options)
    return DataConfig(dataset=f"folder:{root}")


def test_train_and_test_folders_are_the_splits(tmp_path) -> None:
    config = folder(tmp_path, {"train/dog": 4, "train/cat": 3, "test/dog": 2, "test/cat": 1, ".git/x": 1})
    source = open_source(config, None)
    source.refuse_without_test()
    assert (source.classes, source.channels, source.image_size) == (("cat", "dog"), 3, 8)
    assert (source.train_count, source.class_counts) == (7, (3, 4))
    train, test = source.train(), source.test()
    assert (train.labels.tolist(), test.labels.tolist()) == ([0, 0, 0, 1, 1, 1, 1], [0, 1, 1])
    np.testing.assert_array_equal(train.images[4], picture(tmp_path / "again.png", seed=1))


def test_without_a_test_folder_a_fifth_of_every_class_is_for_the_test_and_always_the_same(tmp_path) -> None:
    config = folder(tmp_path, {"a": 10, "b": 5, "c": 4})
    source, again = open_source(config, None), open_source(config, None)
    train, test = source.train(), source.test()
    assert (source.class_counts, Counter(test.labels.tolist())) == ((8, 4, 4), {0: 2, 1: 1})
    np.testing.assert_array_equal(test.images, again.test().images)
    images = [image.tobytes() for image in (*train.images[:8], *test.images[:2])]
    assert len(set(images)) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_read(tmp_path, kind) -> None:
    pixels = picture(tmp_path / f"a.{kind}", (9, 7))
    assert header(tmp_path / f"a.{kind}") == (9, 7, 3)
    found = read(tmp_path / f"a.{kind}", 3)
    assert (found.shape, found.dtype) == ((7, 9, 3), np.uint8)
    if kind in ("png", "bmp", "tif"):
        np.testing.assert_array_equal(found, pixels)
    assert read(tmp_path / f"a.{kind}", 1).shape == (7, 9, 1)


def test_sixteen_bits_become_eight_and_a_turned_picture_is_turned_back(tmp_path) -> None:
    wide = np.array([[0, 255, 256], [32768, 65280, 65535]], np.uint16)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert header(tmp_path / "wide.png") == (3, 2, 1)
    assert read(tmp_path / "wide.png", 1)[..., 0].tolist() == [[0, 0, 1], [128, 255, 255]]
    turned = Image.new("RGB", (6, 4))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert read(tmp_path / "turned.jpg", 3).shape == (6, 4, 3)


def test_grey_and_coloured_images_of_mixed_sizes_become_what_the_frame_takes(tmp_path) -> None:
    picture(tmp_path / "a" / "0.png", (5, 9), "L")
    picture(tmp_path / "b" / "0.png", (9, 5), "L")
    grey = open_source(DataConfig(dataset=f"folder:{tmp_path}"), 6)
    assert (grey.channels, grey.train().images.shape) == (1, (2, 6, 6, 1))
    picture(tmp_path / "b" / "1.png", (12, 12), "RGB")
    mixed = open_source(DataConfig(dataset=f"folder:{tmp_path}"), 6)
    assert (mixed.channels, mixed.train().images.shape) == (3, (3, 6, 6, 3))
    with pytest.raises(InputError, match="images differ in size or are not square; give --image_size"):
        open_source(DataConfig(dataset=f"folder:{tmp_path}"), None)


def test_what_is_no_image_is_left_out_and_counted(tmp_path, caplog) -> None:
    config = folder(tmp_path, {"a": 3, "b": 3})
    (tmp_path / "a" / "broken.jpg").write_bytes(b"not an image")
    (tmp_path / "b" / "empty.png").touch()
    (tmp_path / "b" / "notes.txt").write_text("left out, too")
    source = open_source(config, None)
    assert source.class_counts == (3, 3)
    assert "3 of 9 files are left out: not images, or damaged: 2 (a/broken.jpg, b/notes.txt)" in caplog.text
    assert "empty files: 1 (b/empty.png)" in caplog.text


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_truncated_image_is_refused(tmp_path, kind) -> None:
    path = tmp_path / f"a.{kind}"
    picture(path, (64, 64))
    truncate(path)
    with pytest.raises(InputError, match=f"a.{kind}: not an image that can be read .*truncated"):
        read(path, 3)


@pytest.mark.parametrize("room", [0, 10**9], ids=["streamed", "in memory"])
def test_truncated_images_are_left_out_and_counted_once(tmp_path, monkeypatch, caplog, room) -> None:
    config = folder(tmp_path, {"train/a": 4, "train/b": 4, "test/a": 1, "test/b": 1}, size=(20, 20))
    for name in ("a/001.png", "b/000.png", "b/003.png"):
        truncate(tmp_path / "train" / name)
    monkeypatch.setattr(examples, "memory_limit", lambda: room)
    feed = feed_of(open_source(config, 6).train(), 4)
    for _ in range(2):
        state = feed.begin(None)
        sizes, labels, weights = [], [], []
        for number in range(feed.steps):
            batch = feed.load(feed.batch(state, number), 0, 1)
            sizes.append(len(batch[0]))
            labels += np.asarray(batch[1]).tolist()
            weights += np.asarray(batch[2]).tolist()
        assert (sizes, labels) == ([3, 2] if room == 0 else [4, 1], [0, 0, 0, 1, 1])
        assert weights == [1] * 5
    assert caplog.text.count("3 of 8 images cannot be read and are left out") == 1


def test_a_batch_of_truncated_images_weighs_nothing(tmp_path, monkeypatch, caplog) -> None:
    config = folder(tmp_path, {"train/a": 2, "train/b": 2}, size=(20, 20))
    for name in ("000", "001"):
        truncate(tmp_path / "train" / "a" / f"{name}.png")
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    feed = feed_of(open_source(config, 6).train(), 2)
    state = feed.begin(None)
    _, labels, weights = feed.load(feed.batch(state, 0), 0, 1)
    assert (np.asarray(labels).tolist(), np.asarray(weights).tolist()) == ([0], [0])
    _, labels, weights = feed.load(feed.batch(state, 1), 0, 1)
    assert (np.asarray(labels).tolist(), np.asarray(weights).tolist()) == ([1, 1], [1, 1])
    assert "2 of 4 images cannot be read" in caplog.text


def test_a_folder_of_which_nothing_can_be_read_is_refused(tmp_path) -> None:
    config = folder(tmp_path, {"train/a": 1, "train/b": 1}, size=(20, 20))
    for name in "ab":
        truncate(tmp_path / "train" / name / "000.png")
    with pytest.raises(InputError, match="none of 2 images can be read; look at the dataset's files"):
        open_source(config, 6).train()


@pytest.fixture
def vanished(tmp_path, monkeypatch):
    """Images that are streamed, of which nothing is left on the disk."""
    config = folder(tmp_path, {"train/a": 3, "train/b": 3}, size=(20, 20))
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    train = open_source(config, 6).train()
    shutil.rmtree(tmp_path / "train")
    return train


def test_images_that_have_vanished_make_no_accuracy(vanished, reader) -> None:
    with pytest.raises(InputError, match="none of 6 images can be read; look at the dataset's files"):
        reader(vanished)


def test_a_pass_that_loses_more_images_than_those_before_says_so(tmp_path, monkeypatch, caplog) -> None:
    config = folder(tmp_path, {"train/a": 2, "train/b": 2}, size=(20, 20))
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    feed = feed_of(open_source(config, 6).train(), 2)
    told = []
    for name in (None, "a/000.png", None, "b/001.png"):
        if name:
            (tmp_path / "train" / name).unlink()
        state = feed.begin(None)
        for number in range(feed.steps):
            feed.batch(state, number)
        told.append(caplog.text.count("cannot be read and are left out"))
    assert told == [0, 1, 1, 2]
    assert "2 of 4 images cannot be read" in caplog.text


@pytest.mark.parametrize("place", ["train", "train/b", "train/b/deeper", "test"])
def test_a_folder_that_cannot_be_read_is_refused(tmp_path, monkeypatch, place) -> None:
    config = folder(tmp_path, {"train/a": 2, "train/b": 2, "train/b/deeper": 1, "test/a": 1, "test/b": 1})
    scandir, listdir = os.scandir, os.listdir

    def closed(real):
        def call(path):
            if Path(path) == tmp_path / place:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path)

        return call

    monkeypatch.setattr(os, "scandir", closed(scandir))
    monkeypatch.setattr(os, "listdir", closed(listdir))
    with pytest.raises(InputError) as caught:
        open_source(config, None).refuse_without_test()
    expected = f"{tmp_path / place}: cannot be read (Permission denied); make it readable or remove it"
    assert str(caught.value) == expected


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp"])
def test_a_damaged_image_is_read_or_refused(tmp_path, kind) -> None:
    picture(tmp_path / f"a.{kind}", (20, 20))
    whole, rng, path = (tmp_path / f"a.{kind}").read_bytes(), random.Random(0), tmp_path / f"b.{kind}"
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 2, 9))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(len(data))] if rng.random() < 0.2 else data)
        with contextlib.suppress(InputError):
            assert header(path).channels in (1, 3)
            assert read(path, 3).dtype == np.uint8


def test_an_image_of_which_only_the_header_can_be_read_is_left_out(tmp_path, caplog) -> None:
    config = folder(tmp_path, {"a": 2, "b": 2})
    picture(tmp_path / "a" / "9.webp")
    data = (tmp_path / "a" / "9.webp").read_bytes()
    (tmp_path / "a" / "9.webp").write_bytes(data[:30] + b"\xff" * (len(data) - 30))
    train = open_source(config, None).train()
    assert train.labels.tolist() == [0, 0, 1, 1]
    assert all(image.any() for image in train.images)
    assert "1 of 5 images cannot be read and are left out" in caplog.text


def test_names_of_files_and_classes_need_not_be_text(tmp_path) -> None:
    config = folder(tmp_path, {"\udcff": 2, "\n[red]\x1b[2J": 2})
    (tmp_path / "\udcff" / "000.png").rename(tmp_path / "\udcff" / "\udcfe\n.png")
    source = open_source(config, None)
    assert source.classes == ("\n[red]\x1b[2J", "\udcff")
    assert all(image.any() for image in source.train().images)


def test_test_folders_are_looked_at_before_they_are_read(tmp_path) -> None:
    config = folder(tmp_path, {"train/a": 2, "train/b": 2, "test/a": 1, "test/z": 1})
    with pytest.raises(InputError, match="test/ has a class 'z' that train/ has not"):
        open_source(config, None).refuse_without_test()
    shutil.rmtree(tmp_path / "test" / "z")
    (tmp_path / "test" / "b").mkdir()
    (tmp_path / "test" / "b" / "no.png").touch()
    source = open_source(config, None)
    source.refuse_without_test()
    assert source.test().labels.tolist() == [0]
    (tmp_path / "test" / "a" / "000.png").write_text("no image either")
    with pytest.raises(InputError, match="test/ has no image; a retraining ends with a test on it: add some"):
        open_source(config, None).test()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"a": 3}, "1 folders; expected one a class, two at the least"),
        ({"train/a": 3}, "1 folders; expected one a class, two at the least"),
        ({"train/b": 1, "train/c": 0}, "1 folders; expected one a class"),
    ],
)
def test_fewer_than_two_classes_are_refused(tmp_path, counts, message) -> None:
    with pytest.raises(InputError, match=message):
        open_source(folder(tmp_path, counts), None)


def test_wrong_folders_are_refused_by_what_is_wrong(tmp_path) -> None:
    with pytest.raises(InputError, match="no such folder; expected one folder a class"):
        open_source(DataConfig(dataset=f"folder:{tmp_path / 'missing'}"), None)
    config = folder(tmp_path, {"train/a": 2, "train/b": 2, "test/a": 1, "test/z": 1})
    with pytest.raises(InputError, match="test/ has a class 'z' that train/ has not"):
        open_source(config, None)
    shutil.rmtree(tmp_path / "test" / "z")
    (tmp_path / "train" / "void").mkdir()
    with pytest.raises(InputError, match="class 'void' has no image"):
        open_source(config, None)


def test_classes_with_too_few_images_for_a_split_are_named(tmp_path, caplog) -> None:
    config = folder(tmp_path, {"many": 40, "few": 3})
    warn_of_rare_classes(open_source(config, None), config)
    assert "1 of 2 classes have so few training images" in caplog.text
    assert "'few' (3)" in caplog.text


@pytest.mark.parametrize("classes", [2, 1000])
def test_two_classes_and_a_thousand_are_read(tmp_path, classes) -> None:
    config = folder(tmp_path, {f"{number:04d}": 1 for number in range(classes)}, size=(2, 2))
    source = open_source(config, None)
    assert source.train().labels.tolist() == list(range(classes))


def test_images_too_many_for_memory_are_streamed_as_they_would_lie_there(tmp_path, monkeypatch) -> None:
    config = folder(tmp_path, {"a": 12, "b": 8})
    held = open_source(config, 6).train()
    assert isinstance(held, Examples)
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    streamed = open_source(config, 6).train()
    assert isinstance(streamed, Streamed)
    feed = feed_of(streamed, len(streamed))
    images, labels = feed.batch(feed.begin(None), 0)
    assert np.abs(np.asarray(images) - held.images).max() <= 0.5  # in memory they are rounded
    np.testing.assert_array_equal(labels, held.labels)
    train, validation = split(streamed, config, 3)
    assert (len(train), len(validation)) == (14, 3)
    read_back = [
        resized(image[None], 6).tobytes()
        for part in (train, validation)
        for image, _ in part.dataset().as_numpy_iterator()
    ]
    assert sorted(read_back) == sorted(image.tobytes() for image in held.images)
    orders = [[label for _, label in train.dataset(seed).as_numpy_iterator()] for seed in (1, 1, 2)]
    assert orders[0] == orders[1]


@pytest.mark.parametrize("part", [0.875, 1.0])
def test_a_centre_crop_is_the_square_in_the_middle(tmp_path, monkeypatch, part) -> None:
    config = folder(tmp_path, {"train/a": 2}, size=(30, 24))
    folder(tmp_path, {"train/b": 2}, size=(25, 40))
    config = DataConfig(config.dataset, centre_crop=part)
    held = open_source(config, 6).train()
    side = round(part * 24)
    left, top = (30 - side) // 2, (24 - side) // 2
    pixels = picture(tmp_path / "again.png", (30, 24))[None, top : top + side, left : left + side]
    np.testing.assert_array_equal(held.images[0], resized(pixels, 6)[0])
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    streamed = open_source(config, 6).train()
    feed = feed_of(streamed, 4)
    images, _ = feed.batch(feed.begin(None), 0)
    assert np.abs(np.asarray(images) - held.images).max() <= 0.5  # in memory they are rounded
    assert split(streamed, config, 0)[1].centre_crop == streamed.cut(2, 0).centre_crop == part

"""Datasets: the embedded one, npz files, tensorflow-datasets, in memory and streamed."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import examples
from eatnas_tf.training.data import cut, open_source, split
from eatnas_tf.training.examples import Examples, Streamed, resize, resized
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.tfds_source import TfdsStreamed

EMBEDDED = DataConfig()


@pytest.fixture(scope="module")
def embedded():
    return open_source(EMBEDDED, None)


def numbered(count):
    """Examples whose label is their number."""
    return Examples(np.zeros((count, 2, 2, 1), np.uint8), np.arange(count, dtype=np.int32))


def labels(examples):
    return set(examples.labels.tolist())


def test_the_embedded_dataset_has_5000_and_1500_grey_images_of_10_named_classes(embedded):
    assert embedded.classes == (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    assert (embedded.image_size, embedded.channels) == (28, 1)
    for part, each in ((embedded.train(), 500), (embedded.test(), 150)):
        assert part.images.shape == (10 * each, 28, 28, 1)
        assert part.images.dtype == np.uint8
        assert part.labels.dtype == np.int32
        assert np.bincount(part.labels).tolist() == [each] * 10


def test_statistics_are_the_channels_mean_and_deviation(embedded):
    examples = embedded.train()
    mean, deviation = examples.statistics()
    assert mean.dtype == deviation.dtype == np.float32
    assert mean.shape == deviation.shape == (1,)
    np.testing.assert_allclose(mean, examples.images.mean(), rtol=1e-6)
    np.testing.assert_allclose(deviation, examples.images.std(), rtol=1e-6)
    black = Examples(np.zeros((2, 2, 2, 3), np.uint8), np.zeros(2, np.int32))
    assert (black.statistics()[1] > 0).all()


def test_images_are_made_smaller_by_area_averaging_and_larger_to_the_size_asked_for(embedded):
    small = open_source(EMBEDDED, 14)
    assert small.image_size == 14
    images = small.train().images
    assert images.shape == (5000, 14, 14, 1)
    assert images.dtype == np.uint8
    whole = embedded.train().images.reshape(5000, 14, 2, 14, 2, 1).mean((2, 4))
    assert np.abs(images - whole).max() <= 0.5
    assert resized(images[:3], 20).shape == (3, 20, 20, 1)
    assert resized(images, 14) is images


@pytest.mark.parametrize(
    ("height", "width", "size", "method"),
    [
        (12, 12, 8, "area"),
        (9, 8, 8, "area"),
        (8, 8, 12, "bilinear"),
        (8, 12, 9, "bilinear"),
        (12, 8, 9, "bilinear"),
    ],
)
def test_images_shrink_by_area_averaging_and_are_enlarged_bilinearly(height, width, size, method):
    images = np.random.default_rng(0).integers(0, 256, (3, height, width, 2), np.uint8)
    expected = tf.image.resize(images, (size, size), method)
    other = tf.image.resize(images, (size, size), "area" if method == "bilinear" else "bilinear")
    assert np.abs(expected - other).max() > 1
    found = resize(images, size)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(resized(images, size), np.rint(expected))


@pytest.mark.parametrize(
    ("train_examples", "validation", "sizes"),
    [
        (None, 0.2, (40, 10)),
        (None, 0.25, (38, 12)),
        (None, 7, (43, 7)),
        (20, 0.2, (16, 4)),
        (20, 1, (19, 1)),
        (2, 0.5, (1, 1)),
    ],
)
def test_a_split_is_disjoint_of_the_sizes_asked_for_and_drawn_from_its_seed(
    train_examples, validation, sizes
):
    config = DataConfig(train_examples=train_examples, validation=validation)
    train, held_out = split(numbered(50), config, 3)
    assert (len(train), len(held_out)) == sizes
    assert len(labels(train) | labels(held_out)) == sum(sizes)
    again = split(numbered(50), config, 3)
    np.testing.assert_array_equal(train.labels, again[0].labels)
    np.testing.assert_array_equal(held_out.labels, again[1].labels)
    other = split(numbered(50), config, 4)
    assert not np.array_equal(np.append(train.labels, held_out.labels), np.append(*(e.labels for e in other)))


@pytest.mark.parametrize("train_examples", [None, 20])
def test_the_cut_is_the_splits_training_and_validation_images_together(train_examples):
    config = DataConfig(train_examples=train_examples)
    train, held_out = split(numbered(50), config, 3)
    assert labels(cut(numbered(50), config, 3)) == labels(train) | labels(held_out)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            DataConfig(train_examples=51),
            "train_examples: 51 is more than the 50 training images of fashion_mnist",
        ),
        (DataConfig(validation=50), "validation: 50 of 50 training images; expected at least 1 and fewer"),
        (DataConfig(validation=0.001), "validation: 0 of 50 training images"),
        (DataConfig(validation=0.999), "validation: 50 of 50 training images"),
    ],
)
def test_a_split_that_leaves_nothing_is_refused(config, message):
    with pytest.raises(InputError, match=message):
        split(numbered(50), config, 0)


def arrays(**changes):
    """The arrays of a good file, some of them changed; None leaves one out."""
    rng = np.random.default_rng(0)
    good = {
        "x_train": rng.integers(0, 256, (6, 4, 4, 3), np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": rng.integers(0, 256, (3, 4, 4, 3), np.uint8),
        "y_test": np.array([0, 1, 2]),
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def npz(path, content):
    np.savez(path, **content)
    return DataConfig(dataset=f"npz:{path}")


def test_an_npz_file_is_read_with_its_class_names_or_with_numbers_for_names(tmp_path):
    source = open_source(npz(tmp_path / "a.npz", arrays()), None)
    assert (source.classes, source.channels, source.image_size) == (("0", "1", "2"), 3, 4)
    np.testing.assert_array_equal(source.train().images, arrays()["x_train"])
    np.testing.assert_array_equal(source.test().labels, arrays()["y_test"])
    names = np.array(["cat", "dog", "eel", "fox"])
    source = open_source(npz(tmp_path / "b.npz", arrays(classes=names)), None)
    assert source.classes == ("cat", "dog", "eel", "fox")


def test_grey_images_without_a_channel_axis_get_one(tmp_path):
    config = npz(tmp_path / "a.npz", arrays(x_train=np.zeros((6, 4, 4), np.uint8)))
    source = open_source(config, None)
    assert source.channels == 1
    assert source.train().images.shape == (6, 4, 4, 1)


def test_images_that_are_not_square_are_made_so_when_a_size_is_given(tmp_path):
    oblong = arrays(x_train=np.zeros((6, 4, 5, 3), np.uint8))
    assert open_source(npz(tmp_path / "a.npz", oblong), 3).train().images.shape == (6, 3, 3, 3)


def test_training_never_reads_the_test_split(tmp_path):
    for broken, message in (
        (None, r"a\.npz: no x_test; expected the arrays x_test, y_test$"),
        (np.array([{}], dtype=object), r"a\.npz: cannot be read \(ValueError: .*allow_pickle"),
    ):
        source = open_source(npz(tmp_path / "a.npz", arrays(x_test=broken, y_test=broken)), None)
        assert len(source.train()) == 6
        with pytest.raises(InputError, match=message):
            source.test()


U8 = np.uint8
WRONG = {
    "no x_train": (arrays(x_train=None), r"no x_train; expected the arrays x_train, y_train$"),
    "no y_train": (arrays(y_train=None), r"no y_train; expected the arrays x_train, y_train$"),
    "float images": (
        arrays(x_train=np.zeros((6, 4, 4, 3))),
        r"x_train is float64 \(6, 4, 4, 3\); expected uint8 \(count, height, width, channels\): give it as "
        r"\(x_train \* 255\)\.round\(\)",
    ),
    "flat images": (
        arrays(x_train=np.zeros((6, 48), U8)),
        r"x_train is uint8 \(6, 48\); expected uint8 \(count",
    ),
    "no images": (
        arrays(x_train=np.zeros((0, 4, 4, 3), U8), y_train=np.zeros(0, int)),
        r"x_train is uint8 \(0, 4, 4, 3\)",
    ),
    "images not square": (arrays(x_train=np.zeros((6, 4, 5, 3), U8)), r"images are 4x5; give --image_size"),
    "too few labels": (
        arrays(y_train=np.arange(5)),
        r"y_train is int64 \(5,\); expected 6 whole numbers$",
    ),
    "fractions": (arrays(y_train=np.full(6, 0.5)), r"y_train is float64 \(6,\); expected 6 whole numbers"),
    "one class": (arrays(y_train=np.zeros(6, int)), "all labels of y_train are 0; expected classes, two at"),
    "negative labels": (
        arrays(y_train=np.array([0, 1, 2, 0, 1, -1])),
        r"y_train has labels from -1 to 2; expected classes counted from 0, at most 100,000 of them$",
    ),
    "labels that are no classes": (
        arrays(y_train=np.array([7, 1, 2, 0, 1, 100_000])),
        r"y_train has labels from 0 to 100000; expected classes counted from 0, at most 100,000",
    ),
    "labels beyond int32": (
        arrays(y_train=np.array([0, 1, 2, 0, 1, 2**32])),
        r"y_train has labels from 0 to 4294967296; expected classes counted from 0",
    ),
    "labels beyond int64": (
        arrays(y_train=np.array([0, 1, 2, 0, 1, 2**64 - 1], np.uint64)),
        r"y_train has labels from 0 to 18446744073709551615; expected classes counted from 0",
    ),
    "labels in words": (arrays(y_train=np.array(list("abcabc"))), r"y_train is <U1 \(6,\); expected 6 whole"),
    "pickled images": (
        arrays(x_train=np.array([{}] * 6, dtype=object)),
        r"cannot be read \(ValueError: .*allow_pickle",
    ),
    "pickled names": (
        arrays(classes=np.array(["a", 1, None], dtype=object)),
        r"cannot be read \(ValueError: .*allow_pickle",
    ),
    "too few names": (arrays(classes=np.array(["a", "b"])), r"2 names in classes, labels up to 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_npz_file_that_cannot_be_used_is_refused_by_what_is_wrong_with_it(case, tmp_path):
    content, message = WRONG[case]
    with pytest.raises(InputError, match=r"a\.npz: " + message):
        open_source(npz(tmp_path / "a.npz", content), None)


def test_labels_may_be_as_large_as_99999_and_of_any_whole_type(tmp_path):
    for number, kind in enumerate((np.int64, np.uint64, np.int32, np.uint32)):
        content = arrays(y_train=np.array([0, 1, 2, 0, 1, 99_999], kind))
        source = open_source(npz(tmp_path / f"{number}.npz", content), None)
        assert len(source.classes) == 100_000
        assert source.train().labels.tolist() == [0, 1, 2, 0, 1, 99_999]
        assert source.train().labels.dtype == np.int32


def test_labels_of_the_test_split_that_are_no_classes_are_refused(tmp_path):
    source = open_source(npz(tmp_path / "a.npz", arrays(y_test=np.array([0, -3, 2]))), None)
    with pytest.raises(InputError, match="y_test has labels from -3 to 2; expected classes counted from 0"):
        source.test()


@pytest.mark.parametrize(
    "changes",
    [
        {"x_test": np.zeros((3, 4, 4, 1), U8)},
        {"y_test": np.array([0, 1, 3])},
    ],
    ids=["channels", "classes"],
)
def test_a_test_split_unlike_the_training_split_is_refused(changes, tmp_path):
    source = open_source(npz(tmp_path / "a.npz", arrays(**changes)), None)
    with pytest.raises(
        InputError, match="x_test, y_test do not match x_train, y_train in channels or classes"
    ):
        source.test()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a\.npz: no such file; expected an \.npz$"),
        (b"", r"a\.npz: not a readable \.npz \(BadZipFile"),
        (b"x,y\n1,2\n", r"a\.npz: not a readable \.npz \(BadZipFile"),
        ("npy", r"a\.npz: not a readable \.npz \(BadZipFile"),
    ],
    ids=["missing", "empty", "text", "npy"],
)
def test_a_file_that_is_no_npz_is_refused(content, message, tmp_path):
    path = tmp_path / "a.npz"
    if content == "npy":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_source(DataConfig(dataset=f"npz:{path}"), None)


def shapes_config(data_dir):
    return DataConfig(dataset="shapes_of_all_sizes", data_dir=data_dir)


def by_content(images):
    return sorted(image.tobytes() for image in images)


def test_a_tfds_dataset_is_prepared_and_held_in_memory_at_the_size_asked_for(shapes_dir, shapes):
    source = open_source(shapes_config(shapes_dir), 9)
    assert (source.classes, source.channels, source.image_size) == (("left", "right"), 3, 9)
    for part, found in (("train", source.train()), ("test", source.test())):
        assert isinstance(found, Examples)
        assert found.images.shape == (len(shapes[part]), 9, 9, 3)
        assert found.labels.dtype == np.int32
        expected = [resized(image[None], 9)[0] for image in shapes[part]]
        assert by_content(found.images) == by_content(expected)
        bright = found.images.mean((1, 3)) @ (np.arange(9) - 4) > 0
        np.testing.assert_array_equal(bright, found.labels)


def test_images_that_differ_in_size_need_an_image_size(shapes_dir):
    with pytest.raises(InputError, match="images differ in size or are not square; give --image_size"):
        open_source(shapes_config(shapes_dir), None)


def test_a_dataset_that_tfds_does_not_know_or_that_holds_no_pictures_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"'fashion_mist' is not known .*; expected fashion_mnist_mini, npz:PATH"
    ):
        open_source(DataConfig(dataset="fashion_mist", data_dir=str(tmp_path)), None)
    with pytest.raises(InputError, match="'no_pictures' is not one for image classification"):
        open_source(DataConfig(dataset="no_pictures", data_dir=str(tmp_path)), None)


@pytest.fixture
def streamed(shapes_dir, monkeypatch):
    """The training part, too large for the memory there is."""
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    return open_source(shapes_config(shapes_dir), 9).train()


def test_what_does_not_fit_in_memory_is_streamed(streamed, shapes):
    assert isinstance(streamed, Streamed)
    assert len(streamed) == len(shapes["train"])
    found = [image for image, _ in streamed.dataset().as_numpy_iterator()]
    assert by_content(found) == by_content(shapes["train"])
    mean, deviation = streamed.statistics()
    pixels = np.concatenate([image.reshape(-1, 3) for image in shapes["train"]]).astype(np.float64)
    np.testing.assert_allclose(mean, pixels.mean(0), rtol=1e-5)
    np.testing.assert_allclose(deviation, pixels.std(0), rtol=1e-5)


def test_a_stream_is_shuffled_by_its_seed(streamed):
    orders = [
        [image.tobytes() for image, _ in streamed.dataset(seed).as_numpy_iterator()] for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def numbers(ranges):
    return [number for start, stop in ranges for number in range(start, stop)]


@pytest.mark.parametrize(
    ("count", "train_examples", "validation", "sizes"),
    [
        (230, None, 0.2, (184, 46)),
        (230, None, 1, (229, 1)),
        (230, None, 229, (1, 229)),
        (230, 101, 0.5, (51, 50)),
        (1_281_167, None, 50_000, (1_231_167, 50_000)),
    ],
)
def test_a_streamed_split_is_exact_disjoint_complete_and_drawn_from_its_seed(
    count, train_examples, validation, sizes
):
    whole = TfdsStreamed(None, "train", ((0, count),), 3, 9)
    config = DataConfig(train_examples=train_examples, validation=validation)
    train, held_out = split(whole, config, 3)
    assert (len(train), len(held_out)) == sizes
    assert sorted(numbers(train.ranges) + numbers(held_out.ranges)) == list(range(train_examples or count))
    assert split(whole, config, 3) == (train, held_out)
    assert any(split(whole, config, seed) != (train, held_out) for seed in range(4, 14))


@pytest.mark.parametrize("train_examples", [None, 101])
def test_the_cut_of_a_streamed_dataset_is_its_splits_training_and_validation_images(train_examples):
    whole, config = TfdsStreamed(None, "train", ((0, 230),), 3, 9), DataConfig(train_examples=train_examples)
    train, held_out = split(whole, config, 3)
    found = cut(whole, config, 3)
    assert len(found) == len(train) + len(held_out) == (train_examples or 230)
    assert numbers(found.ranges) == sorted(numbers(train.ranges) + numbers(held_out.ranges))
    assert (found.split, found.image_size) == ("train", 9)


@pytest.mark.parametrize("size", [8, 9, 16])
def test_streamed_images_are_resized_like_those_in_memory(streamed, shapes_dir, monkeypatch, size):
    streamed = replace(streamed, image_size=size)
    feed = feed_of(streamed, len(streamed))
    images, labels = feed.batch(feed.begin(None), 0)
    monkeypatch.setattr(examples, "memory_limit", lambda: 10**9)
    held = open_source(shapes_config(shapes_dir), size).train()
    assert isinstance(held, Examples)
    assert images.dtype == tf.float32
    assert np.abs(np.asarray(images) - held.images).max() <= 0.5  # in memory they are rounded
    np.testing.assert_array_equal(labels, held.labels)


def test_both_parts_of_a_streamed_split_can_be_read(streamed):
    parts = split(streamed, DataConfig(), 0)
    read = [[image.tobytes() for image, _ in part.dataset().as_numpy_iterator()] for part in parts]
    assert [len(part) for part in read] == [184, 46]
    whole = [image.tobytes() for image, _ in streamed.dataset().as_numpy_iterator()]
    assert sorted(read[0] + read[1]) == sorted(whole)


DEBIAN = Path("/usr/share/datasets/fashion-mnist")
STAMPS = {"train": 1504176606, "t10k": 1504176627}


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's dataset-fashion-mnist")
def test_the_real_fashion_mnist_has_60000_and_10000_images(tmp_path):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    for path in sorted(DEBIAN.glob("*.gz")):
        content, stamp = path.read_bytes(), struct.pack("<I", STAMPS[path.name.split("-")[0]])
        header = (
            content[:3] + b"\x08" + stamp + content[8:10] + path.stem.encode() + b"\0"
        )  # name and time again
        (manual / path.name).write_bytes(header + content[10:])
    source = open_source(DataConfig(dataset="fashion_mnist", data_dir=str(tmp_path)), None)
    assert (source.image_size, source.channels, len(source.classes)) == (28, 1, 10)
    train, test = source.train(), source.test()
    assert np.bincount(train.labels).tolist() == [6000] * 10
    assert np.bincount(test.labels).tolist() == [1000] * 10
    mini = open_source(EMBEDDED, None).train().images
    assert set(by_content(mini)) <= set(by_content(train.images))


def test_labels_reach_tensorflow_as_they_are(streamed):
    image, label = next(iter(streamed.dataset()))
    assert image.dtype == tf.uint8
    assert int(label) in (0, 1)

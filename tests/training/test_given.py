"""Datasets that a program hands in."""

import cloudpickle
import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import given_source as module
from eatnas_tf.training.data import open_source, split
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.given_source import Datasets, given_source

COUNT = 60


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (COUNT, 6, 6, 1), np.uint8), np.arange(COUNT, dtype=np.int64) % 3


def _dataset(arrays, batch=None) -> tf.data.Dataset:
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    return dataset if batch is None else dataset.batch(batch)


@pytest.fixture
def no_room(monkeypatch):
    """Nothing fits into memory."""
    monkeypatch.setattr(module, "memory_limit", lambda: 100)


@pytest.mark.parametrize(
    "form",
    [
        lambda arrays: arrays,
        lambda arrays: (arrays[0][..., 0], arrays[1]),
        lambda arrays: [arrays[0], arrays[1].tolist()],
        _dataset,
        lambda arrays: _dataset(arrays, 7),
    ],
    ids=["arrays", "grey", "lists", "pairs", "batches"],
)
def test_arrays_and_tf_data_give_the_same_images_labels_and_name(arrays, form) -> None:
    source = given_source(Datasets(form(arrays), form(arrays), ["a", "b", "c"]), None)
    source.refuse_without_test()
    for part in (source.train(), source.test()):
        np.testing.assert_array_equal(part.images, arrays[0])
        np.testing.assert_array_equal(part.labels, arrays[1])
    assert (source.channels, source.image_size, source.train_count) == (1, 6, COUNT)
    assert (source.classes, source.class_counts) == (("a", "b", "c"), (20, 20, 20))


def test_the_name_tells_datasets_apart(arrays) -> None:
    name = given_source(Datasets(arrays), None).name
    assert name == given_source(Datasets(_dataset(arrays)), None).name
    changed = arrays[0].copy()
    changed[5, 2, 2] ^= 1
    assert given_source(Datasets((changed, arrays[1])), None).name != name
    assert given_source(Datasets((arrays[0], arrays[1][::-1])), None).name != name


def test_images_of_all_sizes_are_resized(arrays) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*rng.integers(5, 9, 2), 3), np.uint8) for _ in range(8)]
    pairs = tf.data.Dataset.from_generator(
        lambda: ((image, number % 2) for number, image in enumerate(images)),
        output_signature=(tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((), tf.int64)),
    )
    assert given_source(Datasets(pairs), 4).train().images.shape == (8, 4, 4, 3)
    with pytest.raises(InputError, match="data: images of train differ in size or are many; give image_size"):
        given_source(Datasets(pairs), None)


def test_what_does_not_fit_is_streamed_and_parted_by_the_seed(arrays, no_room) -> None:
    source = given_source(Datasets(_dataset(arrays, 8), arrays), 6)
    assert (source.train_count, source.class_counts) == (COUNT, (20, 20, 20))
    train, validation = split(source.train(), DataConfig(validation=0.25), seed=1)
    assert (len(train), len(validation)) == (45, 15)
    numbers = {image.tobytes(): number for number, image in enumerate(arrays[0])}
    found = [
        [(numbers[image.tobytes()], int(label)) for image, label in part.dataset(seed).as_numpy_iterator()]
        for part, seed in ((train, None), (validation, None), (train, 3))
    ]
    assert sorted(found[0] + found[1]) == [(number, number % 3) for number in range(COUNT)]
    assert sorted(found[2]) == sorted(found[0]) != found[2]
    other, _ = split(source.train(), DataConfig(validation=0.25), seed=2)
    assert set(other.places) != set(train.places)
    np.testing.assert_array_equal(source.test().images, arrays[0])


def test_a_worker_gets_the_training_images_without_the_test(arrays) -> None:
    source = given_source(Datasets(_dataset(arrays), _dataset(arrays)), None)
    sent = cloudpickle.loads(cloudpickle.dumps(source))
    np.testing.assert_array_equal(sent.train().images, arrays[0])
    assert sent.name == source.name


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a: a[0], "data: train is ndarray; expected (images, labels), or a tf.data.Dataset of such"),
        (lambda a: "cifar10", "data: train is str; expected (images, labels), or a tf.data.Dataset of such"),
        (lambda a: _dataset(a[0]), "data: train is _TensorSliceDataset; expected (images, labels)"),
        (lambda a: _dataset(a).repeat(), "data: train never ends; hand it in without repeat()"),
        (lambda a: _dataset(a).take(0), "data: train has no image"),
        (
            lambda a: _dataset((a[0] / 255, a[1])),
            "data: images of train are float64 (6, 6, 1); expected uint8 (height, width, channels), 0 to 255",
        ),
        (
            lambda a: _dataset((a[0], a[1] / 2)),
            "data: y_train is float64 (60,); expected 60 whole numbers",
        ),
        (
            lambda a: _dataset((a[0], a[1].astype(str))),
            "data: labels of train are string (); expected a whole number",
        ),
        (
            lambda a: _dataset(((a[0] / 255).astype(np.float32), a[1]), 8),
            "data: images of train are float32 (None, 6, 6, 1); expected uint8 (height, width, channels), 0 "
            "to 255, with 1 or 3 channels; the first have 0 to 1: use .map(lambda image, label: "
            "(tf.cast(tf.round(image * 255), tf.uint8), label))",
        ),
        (
            lambda a: _dataset((a[0].astype(np.float32), a[1]), 8).shuffle(9),
            "data: images of train are float32 (None, 6, 6, 1); expected uint8 (height, width, channels), 0 "
            "to 255, with 1 or 3 channels; the first have 0 to 255: use .map(lambda image, label: "
            "(tf.cast(tf.round(image), tf.uint8), label)), and hand in one without shuffle",
        ),
        (
            lambda a: _dataset((np.repeat(a[0], 4, 3), a[1])),
            "data: images of train are uint8 (6, 6, 4); expected uint8 (height, width, channels)",
        ),
        (
            lambda a: (_dataset(a), _dataset(a)),
            "data: train is a pair of datasets; expected one of (image, label) pairs: give them apart",
        ),
        (lambda a: ([a[0][0], a[0][1][:5]], [0, 1]), "data: x_train has entries of several shapes"),
        (lambda a: (a[0], a[1] * 0), "data: all labels of y_train are 0; expected classes, two at the least"),
        (lambda a: _dataset((a[0], a[1] * 0)), "data: all labels of y_train are 0; expected classes, two"),
        (lambda a: None, "data: train is None; expected (images, labels), or a tf.data.Dataset"),
        (
            lambda a: _dataset((a[0], np.eye(3, dtype=np.int32)[a[1]])),
            "data: labels of train are int32 (3,); expected a whole number an image",
        ),
        (
            lambda a: (a[0] / 255, a[1]),
            "data: x_train is float64 (60, 6, 6, 1); expected uint8 (count, height",
        ),
        (lambda a: (a[0], a[1][:-1]), "data: y_train is int64 (59,); expected 60 whole numbers"),
        (
            lambda a: (a[0], a[1] - 1),
            "data: y_train has labels from -1 to 1; expected classes counted from 0",
        ),
        (lambda a: (a[0][:, :5], a[1]), "data: images are 5x6; give --image_size to make them square"),
    ],
)
def test_what_is_no_dataset_is_refused(arrays, wrong, message) -> None:
    with pytest.raises(InputError) as refused:
        given_source(Datasets(wrong(arrays)), None)
    assert str(refused.value).startswith(message)


def test_too_few_names_are_refused_in_memory_and_streamed(arrays, monkeypatch) -> None:
    for limit in (10**9, 100):
        monkeypatch.setattr(module, "memory_limit", lambda limit=limit: limit)
        with pytest.raises(InputError, match="data: 2 names in classes, labels up to 2"):
            given_source(Datasets(_dataset(arrays), classes=["a", "b"]), 6)


def test_without_a_test_split_a_retraining_is_refused(arrays, no_room) -> None:
    for form in (arrays, _dataset(arrays)):
        with pytest.raises(InputError, match="data: no test split; a retraining ends with a test"):
            given_source(Datasets(form), 6).refuse_without_test()


def test_the_name_of_a_dataset_that_was_handed_in_opens_nothing() -> None:
    with pytest.raises(InputError, match="--dataset=given:0123 was handed in by a program"):
        open_source(DataConfig("given:0123"), None)


@pytest.mark.parametrize(
    "labels",
    [
        lambda labels: labels[:, None],
        lambda labels: labels.astype(np.float32)[:, None],
        lambda labels: labels.astype(np.float64),
        lambda labels: labels.astype(np.uint8),
    ],
    ids=["column", "float column", "float", "uint8"],
)
@pytest.mark.parametrize(
    "form", [lambda arrays: arrays, lambda arrays: _dataset(arrays, 7)], ids=["arrays", "tf.data"]
)
def test_labels_are_whole_in_memory_and_streamed_however_they_come(arrays, labels, form, monkeypatch) -> None:
    given = Datasets(form((arrays[0], labels(arrays[1]))))
    np.testing.assert_array_equal(given_source(given, 6).train().labels, arrays[1])
    monkeypatch.setattr(module, "memory_limit", lambda: 100)
    train = given_source(given, 6).train()
    if isinstance(train, module.DatasetStreamed):
        assert [int(label) for _, label in train.dataset()] == arrays[1].tolist()
        assert train.dataset().element_spec[1].shape.rank == 0


def test_tensors_are_taken_as_arrays_are(arrays) -> None:
    tensors = tf.constant(arrays[0]), tf.constant(arrays[1])
    assert given_source(Datasets(tensors), None).name == given_source(Datasets(arrays), None).name


@pytest.mark.parametrize("limit", [10**9, 100], ids=["in memory", "streamed"])
@pytest.mark.parametrize(
    "shuffled",
    [
        lambda dataset: dataset.shuffle(COUNT),
        lambda dataset: dataset.shuffle(COUNT, seed=1),
        lambda dataset: dataset.batch(8).shuffle(3),
        lambda dataset: dataset.map(lambda image, label: (tf.image.random_flip_left_right(image), label)),
    ],
    ids=["shuffled", "seeded", "batches", "augmented"],
)
def test_a_dataset_that_comes_in_another_order_in_every_pass_is_refused(
    arrays, shuffled, limit, monkeypatch
) -> None:
    monkeypatch.setattr(module, "memory_limit", lambda: limit)
    with pytest.raises(
        InputError, match="data: train comes in another order in every pass; hand in one without"
    ):
        given_source(Datasets(shuffled(_dataset(arrays))), 6)


def test_a_dataset_shuffled_once_for_all_passes_is_taken(arrays) -> None:
    fixed = _dataset(arrays).shuffle(COUNT, seed=1, reshuffle_each_iteration=False)
    assert given_source(Datasets(fixed), None).train_count == COUNT


@pytest.mark.parametrize("limit", [10**9, 9 * 36, 100], ids=["in memory", "train streamed", "streamed"])
@pytest.mark.parametrize("form", [lambda arrays: arrays, _dataset], ids=["arrays", "tf.data"])
def test_images_to_validate_on_may_be_handed_in(arrays, form, limit, monkeypatch) -> None:
    others = 255 - arrays[0][:9], arrays[1][:9]
    monkeypatch.setattr(module, "memory_limit", lambda: limit)
    source = given_source(Datasets(_dataset(arrays), form(arrays), validation=form(others)), 6)
    assert source.validation_count == 9
    found = source.validation()
    images = found.images if isinstance(found, Examples) else [image for image, _ in found.dataset()]
    np.testing.assert_array_equal(np.stack(images), others[0])
    assert given_source(Datasets(arrays), 6).validation() is None
    assert given_source(Datasets(arrays), 6).validation_count is None


def test_a_worker_gets_the_images_to_validate_on(arrays) -> None:
    sent = cloudpickle.loads(
        cloudpickle.dumps(given_source(Datasets(arrays, arrays, validation=arrays), None))
    )
    np.testing.assert_array_equal(sent.validation().images, arrays[0])


@pytest.mark.parametrize("limit", [10**9, 100], ids=["in memory", "streamed"])
@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize("form", [lambda arrays: arrays, _dataset], ids=["arrays", "tf.data"])
def test_another_part_has_no_classes_and_channels_of_its_own(arrays, form, part, limit, monkeypatch) -> None:
    monkeypatch.setattr(module, "memory_limit", lambda: limit)
    for other in ((arrays[0], arrays[1] + 1), (np.repeat(arrays[0], 3, 3), arrays[1])):
        with pytest.raises(InputError, match=f"data: x_{part}, y_{part} do not match x_train, y_train in ch"):
            given_source(Datasets(_dataset(arrays), **{part: form(other)}), 6)

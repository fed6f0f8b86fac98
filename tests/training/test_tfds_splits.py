"""Which split of tensorflow-datasets is for what, and images of other depths."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow_datasets as tfds

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import examples, tfds_splits
from eatnas_tf.training.data import cut, open_source, split
from eatnas_tf.training.examples import Examples

COUNTS = {"train": 50, "validation": 12, "test": 9, "extra": 7}


def pixels(part, number, dtype=np.uint8):
    """Noise of its own for every image."""
    rng = np.random.default_rng([sorted(COUNTS).index(part), number])
    return rng.integers(0, np.iinfo(dtype).max, (6, 6, 1), dtype, endpoint=True)


class _Made(tfds.core.GeneratorBasedBuilder):
    """Noise in the splits of PARTS, by the name that the dataset has for them."""

    VERSION = tfds.core.Version("1.0.0")
    PARTS = {}  # noqa: RUF012
    IMAGE = tfds.features.Image(shape=(6, 6, 1))
    CLASSES = 2

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            supervised_keys=("image", "label"),
            features=tfds.features.FeaturesDict(
                {"image": self.IMAGE, "label": tfds.features.ClassLabel(num_classes=self.CLASSES)}
            ),
        )

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(part) for name, part in self.PARTS.items()}

    def _generate_examples(self, part=None):
        for number in range(COUNTS[part]):
            image = pixels(part, number, np.dtype(self.IMAGE.np_dtype))
            yield number, {"image": image, "label": self.label(part, number)}

    def label(self, part, number):
        return number % self.CLASSES


class MadeLikeMnist(_Made):
    PARTS = {"train": "train", "test": "test"}  # noqa: RUF012


class MadeLikeFood(_Made):
    PARTS = {"train": "train", "validation": "validation"}  # noqa: RUF012


class MadeLikeFlowers(_Made):
    PARTS = {"train": "train"}  # noqa: RUF012


class MadeWhole(_Made):
    PARTS = {part: part for part in COUNTS}  # noqa: RUF012


class MadeInOtherWords(_Made):
    PARTS = {"training": "train", "Valid": "validation", "TESTING": "test"}  # noqa: RUF012


class MadeForAContest(_Made):
    PARTS = {"train": "train", "validation": "validation", "test": "test"}  # noqa: RUF012

    def label(self, part, number):
        return -1 if part == "test" else number % 2


class MadeOfTests(_Made):
    PARTS = {"test": "test", "extra": "extra"}  # noqa: RUF012


class MadeOfTwoTests(_Made):
    PARTS = {"train": "train", "test": "test", "testing": "extra"}  # noqa: RUF012


class MadeDeep(_Made):
    PARTS = {"train": "train", "test": "test"}  # noqa: RUF012
    IMAGE = tfds.features.Image(shape=(6, 6, 1), dtype=np.uint16)


class MadeOfFloats(_Made):
    PARTS = {"train": "train"}  # noqa: RUF012
    IMAGE = tfds.features.Image(shape=(6, 6, 1), dtype=np.float32)


class MadeTransparent(_Made):
    PARTS = {"train": "train"}  # noqa: RUF012
    IMAGE = tfds.features.Image(shape=(6, 6, 4))


class MadeOfOneClass(_Made):
    PARTS = {"train": "train"}  # noqa: RUF012
    CLASSES = 1


class MadeOfOneLabel(_Made):
    PARTS = {"train": "train"}  # noqa: RUF012

    def label(self, part, number):
        return 1


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return str(tmp_path_factory.mktemp("made"))


@pytest.fixture
def opened(data_dir):
    return lambda name: open_source(DataConfig(f"made_{name}", data_dir), None)


@pytest.fixture(params=[0, 10**9], ids=["streamed", "in memory"])
def room(request, monkeypatch):
    monkeypatch.setattr(examples, "memory_limit", lambda: request.param)
    return request.param


@pytest.fixture
def said(monkeypatch, caplog):
    """What the screen shows of a dataset, which is shown once."""
    tfds_splits._say.cache_clear()
    return lambda: caplog.text


def contents(part):
    return [image.tobytes() for image in (part if isinstance(part, Examples) else part.read()).images]


def originals(part):
    return sorted(pixels(part, number).tobytes() for number in range(COUNTS[part]))


def test_the_splits_that_a_dataset_has_are_used_for_what_they_are(opened, room, said) -> None:
    for name in ("whole", "in_other_words"):
        source = opened(name)
        source.refuse_without_test()
        assert (source.train_count, source.validation_count) == (COUNTS["train"], COUNTS["validation"])
        for part, found in (
            ("train", source.train()),
            ("validation", source.validation()),
            ("test", source.test()),
        ):
            assert sorted(contents(found)) == originals(part)
    assert said() == ""


def test_without_a_validation_split_there_is_none(opened) -> None:
    source = opened("like_mnist")
    assert (source.validation_count, source.validation()) == (None, None)


@pytest.mark.parametrize("name", ["like_flowers", "like_food", "for_a_contest"])
def test_without_a_labelled_test_split_a_fifth_of_train_is_kept_for_it(opened, room, said, name) -> None:
    source = opened(name)
    source.refuse_without_test()
    train, test = contents(source.train()), contents(source.test())
    assert (len(train), len(test), source.train_count) == (40, 10, 40)
    assert sorted(train + test) == originals("train")
    assert f"dataset 'made_{name}' has no labelled test split: 10 images of its train split, always" in said()
    assert contents(opened(name).test()) == test
    assert said().count("labelled test split") == 1
    if name == "like_flowers":
        assert source.validation() is None
    else:
        assert sorted(contents(source.validation())) == originals("validation")


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_no_image_of_a_parted_test_split_is_trained_or_validated_on(opened, room, seed) -> None:
    source, config = opened("like_flowers"), DataConfig(validation=0.3, train_examples=30)
    train, validation = split(source.train(), config, seed)
    test = contents(source.test())
    assert [len(part) for part in (train, validation, test)] == [21, 9, 10]
    assert len({*contents(train), *contents(validation), *test}) == 40
    assert not set(contents(cut(source.train(), config, seed))) & set(test)
    patched = [label for _, label in train.dataset(3)] if not isinstance(train, Examples) else train.labels
    assert len(patched) == 21


def test_a_dataset_without_a_train_split_is_refused_with_what_it_has(opened) -> None:
    with pytest.raises(InputError, match=r"has no train split to train on, its splits: extra, test$"):
        opened("of_tests")
    with pytest.raises(InputError, match="has the splits test, testing, which all could be its test"):
        opened("of_two_tests")


def test_16_bit_images_are_divided_by_257_all_alike(opened, room) -> None:
    source = opened("deep")
    for part, found in (("train", source.train()), ("test", source.test())):
        deep = [pixels(part, number, np.uint16) for number in range(COUNTS[part])]
        expected = [np.round(image / 257).astype(np.uint8).tobytes() for image in deep]
        assert Counter(contents(found)) == Counter(expected)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "of_floats",
            r"its images are float32 \(6, 6, 1\); expected uint8 or uint16 .*: make an \.npz",
        ),
        ("transparent", r"its images are uint8 \(6, 6, 4\); expected .* with 1 or 3 channels: make an \.npz"),
        ("of_one_class", "its labels are of 1 classes; expected several, two at the least"),
    ],
)
def test_images_and_classes_that_cannot_be_trained_on_are_refused(opened, name, message) -> None:
    with pytest.raises(InputError, match=f"dataset 'made_{name}': {message}"):
        opened(name)


def test_a_train_split_with_one_label_is_refused_when_it_is_read(opened) -> None:
    with pytest.raises(InputError, match="all labels of its train split are 1; expected classes, two at the"):
        opened("of_one_label").train()


def test_too_few_images_for_a_test_are_refused_by_a_retraining_only() -> None:
    info = SimpleNamespace(splits={"train": SimpleNamespace(num_examples=4)})
    parts = tfds_splits.parts("it", SimpleNamespace(info=info, name="it"))
    assert (parts["train"].count, parts["test"].count) == (4, 0)


@pytest.mark.parametrize(
    ("ranges", "start", "stop", "found"),
    [
        (((0, 10),), 2, 5, ((2, 5),)),
        (((3, 5), (8, 12)), 0, 6, ((3, 5), (8, 12))),
        (((3, 5), (8, 12)), 1, 4, ((4, 5), (8, 10))),
        (((3, 5), (8, 12)), 2, 4, ((8, 10),)),
        (((3, 5), (8, 12)), 2, 2, ()),
    ],
)
def test_a_part_of_ranges_is_counted_along_them(ranges, start, stop, found) -> None:
    assert tfds_splits.between(ranges, start, stop) == found


def test_what_is_divided_again_stays_within_its_ranges() -> None:
    whole = ((0, 1000),)
    kept, test = tfds_splits.divided(whole, 1000, 200, 0)
    train, validation = tfds_splits.divided(kept, 800, 160, 5)
    numbers = [{n for start, stop in part for n in range(start, stop)} for part in (train, validation, test)]
    assert [len(part) for part in numbers] == [640, 160, 200]
    assert set.union(*numbers) == set(range(1000))


def test_the_fingerprint_of_a_dataset_is_that_of_its_splits_wherever_it_lies(
    opened, tmp_path, data_dir
) -> None:
    source = opened("whole")
    moved = open_source(DataConfig("made_whole", str(tmp_path)), None)
    assert moved.fingerprint(True) == source.fingerprint(True) != source.fingerprint(False)
    assert source.fingerprint(False) != opened("like_mnist").fingerprint(False)
    part = source._parts["test"]
    source._parts["test"] = replace(part, ranges=((0, 3),))
    assert source.fingerprint(False) == moved.fingerprint(False)
    assert source.fingerprint(True) != moved.fingerprint(True)

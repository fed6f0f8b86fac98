"""Which folders are splits, and what networks are trained, compared and tested on then."""

from pathlib import Path

import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig, RetrainConfig
from eatnas_tf.errors import InputError
from eatnas_tf.space import Architecture
from eatnas_tf.stages import retrain
from eatnas_tf.training import examples
from eatnas_tf.training.data import (
    division,
    open_source,
    own_validation,
    say_validation,
    split,
    warn_of_rare_classes,
)

CODE = "mb6_k3_s1_w1.0_d1"


def fill(root: Path, **counts: int) -> DataConfig:
    """So many images of each of three classes; a folder's shade tells where its images are from."""
    for shade, (part, count) in enumerate(counts.items(), start=1):
        for name in ("disc", "bars", "frame"):
            for number in range(count):
                path = root / part.replace("__", "/") / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (4, 4), shade).save(path)
    return DataConfig(f"folder:{root}")


def shades(images) -> list[int]:
    return sorted(set(images.images.ravel().tolist()))


@pytest.mark.parametrize(
    "names",
    [
        ("train", "validation", "test"),
        ("Training", "Validation", "Testing"),
        ("training_set", "validation_set", "test_set"),
        ("TRAIN", "VAL", "TEST"),
        ("train-set", "val-set", "test-set"),
        ("TrainSet", "ValidSet", "TestSet"),
        ("trainset", "devset", "testset"),
        ("train_data", "valid_data", "test_data"),
        ("train images", "dev", "testing.images"),
        ("seg_train", "seg_val", "seg_test"),
        ("pets-Train", "pets-valid", "pets-Test"),
        ("train2017", "val2017", "test2017"),
        ("01_train", "02_val", "03_test"),
        ("asl_train_data", "asl_dev_data", "asl_testing_data"),
    ],
)
def test_splits_are_known_by_their_names(tmp_path, names) -> None:
    config = fill(tmp_path, **dict(zip(names, (5, 3, 2), strict=True)))
    source = open_source(config, None)
    source.refuse_without_test()
    assert source.classes == ("bars", "disc", "frame")
    validation = source.validation()
    assert validation is not None
    assert (source.train_count, source.validation_count, len(source.test())) == (15, 9, 6)
    assert [shades(part) for part in (source.train(), validation, source.test())] == [[1], [2], [3]]


@pytest.mark.parametrize("names", [("train", "test"), ("seg_train", "seg_test"), ("Training", "Testing")])
def test_a_split_is_found_in_a_folder_of_its_own_name(tmp_path, names) -> None:
    train, test = names
    source = open_source(fill(tmp_path, **{f"{train}__{train}": 5, f"{test}__{test}": 2}), None)
    assert source.classes == ("bars", "disc", "frame")
    assert (shades(source.train()), shades(source.test())) == ([1], [2])


def test_a_class_that_is_called_like_its_split_is_a_class(tmp_path) -> None:
    config = fill(tmp_path, train=5)
    (tmp_path / "train" / "disc").rename(tmp_path / "train" / "test")
    image = tmp_path / "test" / "test" / "0.png"
    image.parent.mkdir(parents=True)
    Image.new("L", (4, 4), 9).save(image)
    assert shades(open_source(config, None).test()) == [9]


def test_the_folder_that_holds_the_splits_is_named(tmp_path) -> None:
    config = fill(tmp_path, data__train=2, data__test=2)
    with pytest.raises(InputError, match=r"; give .*data if that is the dataset"):
        open_source(config, None)


@pytest.mark.parametrize(
    "names",
    [
        ("train_station", "bus"),
        ("bullet_train", "electric_train"),
        ("test_tube", "flask"),
        ("set", "data"),
        ("train1", "train2"),
    ],
)
def test_classes_that_sound_like_splits_are_classes(tmp_path, names) -> None:
    config = fill(tmp_path, **{f"{name}__deep": 5 for name in names})
    assert open_source(config, None).classes == tuple(sorted(names))


@pytest.mark.parametrize(("parts", "validation"), [({"train": 10, "val": 3}, 9), ({"Training": 10}, None)])
def test_without_a_test_split_a_fifth_of_the_training_images_is_for_the_test_and_that_is_said(
    tmp_path, caplog, parts, validation
) -> None:
    config = fill(tmp_path, **parts)
    source, again = open_source(config, None), open_source(config, None)
    source.refuse_without_test()
    assert (source.train_count, source.validation_count, len(source.test())) == (24, validation, 6)
    assert shades(source.test()) == [1]
    assert source._test == again._test
    assert not {path for path, _ in source._train} & {path for path, _ in source._test}
    said = "there is no test split: 6 training images, a fifth of every class, are kept for the test"
    assert said in caplog.text


def test_a_test_folder_without_classes_is_left_out_and_that_is_said(tmp_path, caplog) -> None:
    config = fill(tmp_path, train=10)
    (tmp_path / "test").mkdir()
    Image.new("L", (4, 4), 99).save(tmp_path / "test" / "0.png")
    source = open_source(config, None)
    assert (source.train_count, shades(source.test())) == (24, [1])
    assert (
        "test/ has no class folders and is not used; there is no test split: 6 training images" in caplog.text
    )


def test_a_validation_folder_without_classes_is_left_out_and_that_is_said(tmp_path, caplog) -> None:
    config = fill(tmp_path, train=10, test=2)
    (tmp_path / "val").mkdir()
    Image.new("L", (4, 4), 99).save(tmp_path / "val" / "0.png")
    source = open_source(config, None)
    assert (source.train_count, source.validation_count) == (30, None)
    assert "val/ has no class folders and is not used" in caplog.text
    assert "kept for the test" not in caplog.text


def test_folders_without_images_stand_beside_splits(tmp_path) -> None:
    config = fill(tmp_path, train=5, test=2)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "0.xml").write_text("<x/>")
    assert open_source(config, None).train_count == 15


@pytest.mark.parametrize("room", [0, 10**9], ids=["streamed", "in memory"])
def test_networks_are_compared_on_the_datasets_own_validation_split(
    tmp_path, caplog, monkeypatch, room
) -> None:
    monkeypatch.setattr(examples, "memory_limit", lambda: room)
    config = fill(tmp_path, train=10, val=4, test=2)
    source = open_source(config, None)
    own = own_validation(source, config)
    train, validation = split(source.train(), config, 0, own)
    assert (len(train), len(validation)) == (30, 12)
    assert division(config, source) == (30, 12, 30)
    say_validation(source, config)
    assert "validation: on the 12 images of the dataset's validation split" in caplog.text
    fewer = DataConfig(config.dataset, train_examples=2)
    train, validation = split(source.train(), fewer, 0, own)
    assert (len(train), len(validation), division(fewer, source)) == (2, 12, (2, 12, 2))


def test_a_validation_part_that_is_asked_for_comes_from_the_training_images(tmp_path, caplog) -> None:
    config = DataConfig(fill(tmp_path, train=10, val=4, test=2).dataset, validation=6)
    source = open_source(config, None)
    assert own_validation(source, config) is None
    assert division(config, source) == (24, 6, 30)
    say_validation(source, config)
    assert (
        "validation: by --validation, on training images; the dataset's validation split (12)" in caplog.text
    )


def test_a_dataset_without_a_validation_split_says_nothing_of_it(tmp_path, caplog) -> None:
    config = fill(tmp_path, train=10, test=2)
    source = open_source(config, None)
    say_validation(source, config)
    assert (source.validation(), caplog.text) == (None, "")
    assert division(config, source) == (24, 6, 30)


def test_one_training_image_a_class_is_enough_beside_a_validation_split(tmp_path, caplog) -> None:
    config = fill(tmp_path, train=1, val=1, test=1)
    warn_of_rare_classes(open_source(config, None), config)
    assert "so few training images" not in caplog.text


def test_a_retraining_compares_on_the_validation_split_and_trains_on_all_training_images(tmp_path) -> None:
    data = fill(tmp_path, train=10, val=4, test=2)
    config = RetrainConfig(data=data, architecture=CODE, select_on="validation", top_k=2)
    source = open_source(data, None)
    setting = retrain.Setting(config, [Architecture.parse(CODE)] * 2, None, source, None)
    train, contest = setting.parts(source.train())
    assert (len(train), shades(contest)) == (30, [2])


@pytest.mark.parametrize(
    "parts", [{"train": 3, "Train": 3}, {"train": 3, "cats": 3}, {"test": 3}, {"val": 3}]
)
def test_folders_of_which_it_is_not_clear_what_they_are_are_refused(tmp_path, parts) -> None:
    with pytest.raises(InputError, match=r"same split by their names|beside|without a train/"):
        open_source(fill(tmp_path, **parts), None)

"""What a stage inherits from the one before, on folders as finished stages leave them."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import eatnas_tf
from eatnas_tf.configs import (
    DataConfig,
    FrameConfig,
    PipelineConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    TransferConfig,
    settings,
)
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame
from eatnas_tf.space import Architecture
from eatnas_tf.stages import inherited, pipeline, retrain
from eatnas_tf.stages.setting import set_up
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.given_source import given_source

CODE = "sep_k3_s1_w1.0_d1-mb3_k3_s1_w1.0_d1"
DATA = DataConfig("npz:mine.npz", None, 40, 0.25, 0.5)
FRAME = Frame(16, 1, 2, 8, 1, (2, 2), 32, "input", "identity")


def npz(path, names, count=60, channels=1, size=16) -> None:
    images, labels = np.zeros((count, size, size, channels), np.uint8), np.arange(count) % len(names)
    arrays = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez(path, **arrays, classes=np.array(names))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with datasets and a search of `mine.npz` in `s`."""
    monkeypatch.chdir(tmp_path)
    npz("mine.npz", ["ant", "bee"])
    npz("turned.npz", ["bee", "ant"])
    npz("other.npz", ["car", "bus", "van"], count=30, channels=3)
    leave("search", SearchConfig(data=DATA), FRAME)
    return tmp_path


def leave(stage, config, frame, place="s", classes=("ant", "bee")) -> None:
    with opened(stage, config, RuntimeConfig(place)) as workdir:
        workdir.store.path(0).touch()
        best = {
            "schema": SCHEMA,
            "finished": "all done",
            "architecture": CODE,
            "weights": None,
            "frame": asdict(frame),
            "classes": list(classes),
            "ranking": [{"id": 0, "architecture": CODE}],
        }
        workdir.write("best.json", best)


def settled(config, workdir="r"):
    return inherited.settled(config, workdir)


def frame_of(config) -> Frame:
    return retrain.set_up(config, [Architecture.parse(CODE)]).frame


def test_a_retraining_inherits_dataset_cut_and_frame() -> None:
    found, overrides = settled(RetrainConfig(source="s", top_k=1))
    assert (found.data, overrides) == (DATA, {})
    assert frame_of(found) == FRAME


def test_what_is_given_wins_over_what_is_inherited_and_is_recorded_and_said(caplog) -> None:
    config = RetrainConfig(
        source="s", top_k=1, data=DataConfig(validation=10), frame=FrameConfig(stem_filters=4, strides=(2, 2))
    )
    found, overrides = settled(config)
    assert (found.data.dataset, found.data.validation, found.frame.stem_filters) == ("npz:mine.npz", 10, 4)
    inherited.announce(found, overrides, "s")
    assert caplog.messages == [
        "settings that differ from those of s: --validation=10 (there 0.25), --stem_filters=4 (there 8)"
    ]
    with opened("retrain", found, RuntimeConfig("r"), overrides=overrides):
        record = json.loads(Path("r/config.json").read_text())
    assert record["overrides"] == {
        "validation": {"given": 10, "inherited": 0.25},
        "stem_filters": {"given": 4, "inherited": 8},
    }
    assert record["settings"]["head_filters"] == 32


def test_another_dataset_is_named_and_numbers_of_images_are_not_inherited_for_it() -> None:
    found, overrides = settled(RetrainConfig(source="s", top_k=1, data=DataConfig("npz:other.npz")))
    assert overrides == {"dataset": ("npz:other.npz", "npz:mine.npz")}
    assert (found.data.train_examples, found.data.validation, found.data.centre_crop) == (None, 0.25, 0.5)
    assert (frame_of(found).num_classes, frame_of(found).channels) == (3, 3)


def test_the_same_dataset_by_another_path_overrides_nothing(folder) -> None:
    found, overrides = settled(RetrainConfig(source="s", data=DataConfig(f"npz:{folder}/mine.npz")))
    assert (found.data.train_examples, overrides) == (40, {})


def test_0_stands_for_all_images_and_for_no_crop() -> None:
    data = DataConfig(train_examples=0, centre_crop=0)
    found, overrides = settled(RetrainConfig(source="s", top_k=1, data=data))
    setting = retrain.set_up(found, [Architecture.parse(CODE)])
    assert retrain.division(found.data, setting.source)[:2] == (45, 15)
    assert set(overrides) == {"train_examples", "centre_crop"}


def test_settling_twice_changes_nothing() -> None:
    once = settled(RetrainConfig(source="s", top_k=1, frame=FrameConfig(stem_filters=4)))
    assert settled(once[0]) == once


def test_a_rerun_agrees_with_what_was_recorded() -> None:
    config = RetrainConfig(source="s", top_k=1)
    for _ in range(2):
        found, overrides = settled(config)
        with opened("retrain", found, RuntimeConfig("r"), overrides=overrides):
            pass


def test_a_folder_of_a_version_that_inherited_nothing_keeps_its_settings() -> None:
    before = RetrainConfig(source="s", top_k=1, frame=FrameConfig(image_size=28, strides=(2, 2)))
    with opened("retrain", before, RuntimeConfig("r")) as workdir:
        record = workdir.read("config.json")
        del record["overrides"]
        workdir.write("config.json", record)
    found, overrides = settled(RetrainConfig(source="s", top_k=1))
    assert settings(found) == settings(before)
    assert overrides["dataset"] == ("fashion_mnist_mini", "npz:mine.npz")
    with opened("retrain", found, RuntimeConfig("r"), overrides=overrides):
        pass


def test_a_code_inherits_nothing() -> None:
    config = RetrainConfig(architecture=CODE)
    assert settled(config) == (config, {})
    assert settings(config)["dataset"] == "fashion_mnist_mini"


def test_a_transfer_without_a_dataset_stays_on_the_one_before() -> None:
    found, _ = settled(TransferConfig(source="s", frame=FrameConfig(image_size=8)))
    assert found.data == DATA
    assert set_up(found).frame == Frame(8, 1, 2, 8, 1, (2, 2), 32, "input", "identity")


def test_a_transfer_inherits_widths_and_blocks_but_not_the_cut_of_another_dataset() -> None:
    config = TransferConfig(source="s", data=DataConfig("npz:other.npz"), frame=FrameConfig(head_filters=8))
    found, overrides = settled(config)
    assert overrides == {"head_filters": (8, 32)}
    assert found.data == DataConfig("npz:other.npz")
    assert set_up(found).frame == Frame(16, 3, 3, 8, 1, (2, 2), 8, "input", "identity")
    assert settings(found)["blocks"] == 2


def test_strides_for_another_number_of_blocks_are_refused() -> None:
    found, _ = settled(RetrainConfig(source="s", top_k=1, frame=FrameConfig(strides=(1, 2, 1))))
    with pytest.raises(InputError, match="strides: 3 given for 2 blocks; expected one a block"):
        frame_of(found)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("npz:other.npz", "the search's networks take 1 channels, the dataset has 3; use --init=fresh"),
        ("npz:cars.npz", "know the classes ant, bee, the dataset has car, bus; use --init=fresh"),
    ],
)
def test_weights_are_not_inherited_for_other_channels_or_classes(dataset, message) -> None:
    npz("cars.npz", ["car", "bus"])
    found, _ = settled(RetrainConfig(source="s", top_k=1, init="inherit", data=DataConfig(dataset)))
    with pytest.raises(InputError, match=f"^--init=inherit: .*{message}"):
        frame_of(found)


def test_weights_are_inherited_for_the_same_classes_in_another_order() -> None:
    data = DataConfig("npz:turned.npz")
    found, _ = settled(RetrainConfig(source="s", top_k=1, init="inherit", data=data))
    assert frame_of(found).num_classes == 2


def test_a_dataset_of_a_program_has_to_be_handed_in_again() -> None:
    leave("search", SearchConfig(data=DataConfig("given:0123")), FRAME, place="given")
    with pytest.raises(InputError, match="--dataset=given:0123 was handed in by a program; hand it in again"):
        eatnas_tf.retrain(RetrainConfig(top_k=1), "r", "given")
    images = np.zeros((20, 16, 16, 1), np.uint8), np.arange(20) % 2
    given = given_source(eatnas_tf.Datasets(images, images), 16)
    _, overrides = settled(RetrainConfig(source="given", data=DataConfig(given.name)))
    assert overrides["dataset"] == (given.name, "given:0123")


def test_every_stage_of_a_pipeline_inherits_from_the_one_before() -> None:
    small = SearchConfig(
        frame=FrameConfig(strides=(2, 2), stem_filters=8), space=SpaceConfig(blocks=2), data=DATA
    )
    retraining = RetrainConfig(top_k=1)
    transfer = TransferConfig(frame=FrameConfig(image_size=8))
    plan = PipelineConfig(small, retraining, ((transfer, retraining),))
    found = pipeline.refuse_early(plan, RuntimeConfig("all"))
    stages = [found.search, found.retrain, *found.transfers[0]]
    assert {stage.data for stage in stages} == {DATA}
    assert [stage.frame.image_size for stage in stages] == [None, 16, 8, 8]
    assert {stage.frame.stem_filters for stage in stages} == {8}
    assert {stage.frame.strides for stage in stages} == {(2, 2)}


def test_an_evaluation_is_on_the_dataset_of_the_retraining() -> None:
    assert inherited.recorded_data(Workdir(Path("s"))) == DATA

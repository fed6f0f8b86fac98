"""Evaluation of a retrained model on the test split: a row like the paper's Table 1."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, OBJECT, TEXT, WHOLE, field, optional
from eatnas_tf.reporting import tables
from eatnas_tf.stages import results
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.data import Source, open_source
from eatnas_tf.training.startup import load_tensorflow

SHOWN = 20  # classes
KINDS = {  # of DataConfig's fields
    "dataset": TEXT,
    "data_dir": optional(TEXT),
    "train_examples": optional(WHOLE),
    "validation": NUMBER,
}
COLUMNS = ("model", "params M", "mult-adds M", "top-1 %", "top-5 %")


def run(source: str, dataset: str | None, data_dir: str | None, as_json: bool = False) -> None:
    """Prints params, mult-adds, top-1 and top-5 of the model in `source`, a retraining's folder.

    The test split is that of the dataset it was retrained on, or of `dataset`. Raises InputError.
    """
    workdir = Workdir(Path(source))
    best, tested = results.retrained(source)
    data = _data(workdir, dataset, data_dir)
    opened = open_source(data, best.frame.image_size)
    if len(opened.classes) != len(tested.classes) or opened.channels != best.frame.channels:
        raise InputError(
            f"--dataset={data.dataset} has {len(opened.classes)} classes and {opened.channels} channels; "
            f"the model has {len(tested.classes)} and {best.frame.channels}: give a --dataset like its own"
        )
    opened.refuse_without_test()
    found = _measured(workdir, opened, len(tested.classes))
    by_class = dict(zip(tested.classes, found.by_class, strict=True))
    row = {
        "architecture": best.architecture,
        "params": tested.params,
        "mult_adds": tested.mult_adds,
        "top1": found.top1,
        "top5": found.top5,
        "images": found.count,
        "classes": {
            name: {"images": images, "top1": hits / images if images else None}
            for name, (hits, images) in by_class.items()
        },
    }
    if as_json:
        print(json.dumps(row))
        return
    tables.show(
        f"{data.dataset}, {found.count:,} test images: {best.architecture}",
        COLUMNS,
        [
            (
                source,
                f"{tested.params / 1e6:.3f}",
                f"{tested.mult_adds / 1e6:.3f}",
                f"{100 * found.top1:.2f}",
                f"{100 * found.top5:.2f}",
            )
        ],
        left=("model",),
    )
    _show_classes(by_class)


def _show_classes(by_class: dict[str, tuple[int, int]]) -> None:
    """The accuracy of every class, the worst first; of many classes the worst only."""
    tested = {name: (hits / images, images) for name, (hits, images) in by_class.items() if images}
    worst = sorted(tested.items(), key=lambda item: item[1][0])[:SHOWN]
    title = (
        "By class, the worst first"
        if len(worst) == len(tested)
        else f"The worst {SHOWN} of {len(tested)} classes"
    )
    rows = [(name, images, f"{100 * accuracy:.2f}") for name, (accuracy, images) in worst]
    tables.show(title, ("class", "images", "top-1 %"), rows, left=("class",))


def _data(workdir: Workdir, dataset: str | None, data_dir: str | None) -> DataConfig:
    """The settings that the retraining had, with what was asked for instead."""
    config = workdir.read("config.json")
    try:
        settings = field(config, "settings", OBJECT)
        names = [entry.name for entry in dataclasses.fields(DataConfig) if entry.name in settings]
        known = {name: field(settings, name, KINDS[name]) for name in names}
    except InputError as error:
        raise InputError(f"{workdir.path / 'config.json'} is damaged ({error}); restore it") from None
    given = {
        name: value for name, value in (("dataset", dataset), ("data_dir", data_dir)) if value is not None
    }
    return DataConfig(**{**known, **given})


def _measured(workdir: Workdir, source: Source, classes: int) -> Any:
    load_tensorflow()
    import tensorflow as tf

    from eatnas_tf.network import saved_model
    from eatnas_tf.training.evaluation import evaluation
    from eatnas_tf.training.strategy import configure

    strategy = configure()  # before the images: resizing them starts TensorFlow
    with strategy.scope():
        model = saved_model.load(workdir.model, classes)
    return evaluation(strategy, model, source.test(), lambda images: tf.cast(images, tf.float32), classes)()

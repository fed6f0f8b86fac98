"""Evaluation of a retrained model on the test split: a row like the paper's Table 1."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, OBJECT, TEXT, WHOLE, field, optional
from eatnas_tf.reporting import progress, tables
from eatnas_tf.space import Architecture
from eatnas_tf.stages import results
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.outcomes import EvaluationResult
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.data import Source, open_source
from eatnas_tf.training.startup import load_tensorflow

SHOWN = 20  # classes
KINDS = {  # of DataConfig's fields
    "dataset": TEXT,
    "data_dir": optional(TEXT),
    "train_examples": optional(WHOLE),
    "validation": NUMBER,
    "centre_crop": optional(NUMBER),
}
COLUMNS = ("model", "params M", "mult-adds M", "top-1 %", "top-5 %")


@files_of_command()
def run(source: str, dataset: str | None, data_dir: str | None, as_json: bool = False) -> None:
    """Prints params, mult-adds, top-1 and top-5 of the model in `source`, a retraining's folder.

    The test split is that of the dataset it was retrained on, or of `dataset`. Raises InputError.
    """
    workdir = Workdir(Path(source))
    size = image_size(source)
    data = _data(workdir, dataset, data_dir)
    with passes_shown():
        opened = open_source(data, size)
    found = measure(source, opened, data.dataset)
    if as_json:
        print(json.dumps(found.to_json()))
        return
    tables.show(
        f"{data.dataset}, {found.images:,} test images: {found.architecture}",
        COLUMNS,
        [
            (
                source,
                f"{found.params / 1e6:.3f}",
                f"{found.mult_adds / 1e6:.3f}",
                f"{100 * found.top1:.2f}",
                f"{100 * found.top5:.2f}",
            )
        ],
        left=("model",),
    )
    _show_classes(found.by_class)


def image_size(source: str) -> int:
    """The side of the images that the model in a retraining's folder takes. Raises InputError."""
    return results.retrained(source)[0].frame.image_size


def measure(source: str, opened: Source, name: str) -> EvaluationResult:
    """The model of a retraining's folder on the test split of a dataset called `name`. Raises InputError."""
    best, tested = results.retrained(source)
    if len(opened.classes) != len(tested.classes) or opened.channels != best.frame.channels:
        raise InputError(
            f"--dataset={name} has {len(opened.classes)} classes and {opened.channels} channels; "
            f"the model has {len(tested.classes)} and {best.frame.channels}: give a --dataset like its own"
        )
    opened.refuse_without_test()
    found = _measured(Workdir(Path(source)), opened, len(tested.classes))
    return EvaluationResult(
        Architecture.parse(best.architecture),
        tested.params,
        tested.mult_adds,
        found.top1,
        found.top5,
        found.count,
        dict(zip(tested.classes, found.by_class, strict=True)),
    )


def _show_classes(by_class: Mapping[str, tuple[int, int]]) -> None:
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
    with passes_shown():
        examples = source.test()
    with progress.bar("evaluate", len(examples), "image") as bar:
        measure = evaluation(strategy, model, examples, lambda images: tf.cast(images, tf.float32), classes)
        return measure(lambda share: bar.at(share * len(examples), "measuring"))

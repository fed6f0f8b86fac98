"""Evaluation of a retrained model on the test split: a row like the paper's Table 1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from absl import logging

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError, shown
from eatnas_tf.network import class_matching, class_names
from eatnas_tf.network.class_matching import Matching
from eatnas_tf.reporting import progress, tables
from eatnas_tf.space import Architecture
from eatnas_tf.stages import results
from eatnas_tf.stages.inherited import recorded_data
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.outcomes import EvaluationResult
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.training.data import Source, open_source
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.startup import load_tensorflow

SHOWN = 20  # classes
COLUMNS = ("model", "params M", "mult-adds M", "top-1 %", "top-5 %")


@files_of_command()
def run(source: str, dataset: str | None, data_dir: str | None, as_json: bool = False) -> None:
    """Prints params, mult-adds, top-1 and top-5 of the model in `source`, a retraining's folder.

    The test split is that of the dataset it was retrained on, or of `dataset`. Raises InputError.
    """
    given = DataConfig(dataset=dataset, data_dir=data_dir)
    found = on_named(source, given)
    if as_json:
        print(json.dumps(found.to_json()))
        return
    tables.show(
        f"{_data(source, given).name}, {found.images:,} test images: {found.architecture}",
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


def on_named(source: str, given: DataConfig) -> EvaluationResult:
    """`measure` on the dataset that `given` names; what it leaves at None is as in the retraining."""
    size, data = image_size(source), _data(source, given)
    with passes_shown():
        opened = open_source(data, size, encoding(source, data))
    return measure(source, opened, data.name)


def encoding(source: str, data: DataConfig) -> Encoding | None:
    """What the model in a retraining's folder reads image files with, if the dataset is of files.

    Raises InputError.
    """
    if not data.name.startswith("folder:"):
        return None
    return Encoding(**class_names.encoding(Workdir(Path(source)).model))


def measure(source: str, opened: Source, name: str) -> EvaluationResult:
    """The model of a retraining's folder on the test split of a dataset called `name`. Raises InputError.

    Classes are matched by name. A warning says if there are no names, or if the dataset lacks some classes.
    """
    best, tested = results.retrained(source)
    if opened.channels != best.frame.channels:
        raise InputError(
            f"--dataset={name} has {opened.channels} channels, the model takes {best.frame.channels}: "
            "give a dataset with as many"
        )
    matching = class_matching.match(opened.classes, tested.classes, f"--dataset={name}")
    opened.refuse_without_test()
    workdir = Workdir(Path(source))
    found = _measured(workdir, opened, len(tested.classes), matching.indices)
    _warn(matching, opened, tested.classes, name, own=name == recorded_data(workdir).name)
    return EvaluationResult(
        Architecture.parse(best.architecture),
        tested.params,
        tested.mult_adds,
        found.top1,
        found.top5,
        found.count,
        dict(zip(tested.classes, found.by_class, strict=True)),
    )


def _warn(matching: Matching, opened: Source, known: Sequence[str], name: str, own: bool) -> None:
    """Says how the classes were matched, where that is not by the names of all of them."""
    if not matching.by_name or (class_matching.unnamed(opened.classes) and not own):
        logging.warning(
            "--dataset=%s: classes are matched by position, since not all of them have names", shown(name)
        )
    if len(opened.classes) < len(known):
        logging.warning(
            "--dataset=%s has %d of the %d classes that the model knows; the others are not measured",
            shown(name),
            len(opened.classes),
            len(known),
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


def _data(source: str, given: DataConfig) -> DataConfig:
    """The settings that the retraining had, with what was asked for instead."""
    asked = {name: value for name, value in asdict(given).items() if value is not None}
    return replace(recorded_data(Workdir(Path(source))), **asked)


def _measured(workdir: Workdir, source: Source, classes: int, indices: Sequence[int]) -> Any:
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
        measure = evaluation(
            strategy, model, examples, lambda images: tf.cast(images, tf.float32), classes, indices
        )
        return measure(lambda share: bar.at(share * len(examples), "measuring"))

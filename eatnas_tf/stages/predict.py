"""Classification of image files by a retrained model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.network import class_names
from eatnas_tf.reporting import progress, tables
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.training import images
from eatnas_tf.training.passes import told
from eatnas_tf.training.startup import load_tensorflow

BATCH = 64


@files_of_command()
def run(model: Path, files: Sequence[Path], top: int, as_json: bool = False) -> None:
    """Prints the `top` likeliest classes of every image. Raises InputError before TensorFlow is loaded if a
    file is no image.
    """
    names, centre_crop = class_names.read(model), class_names.centre_crop(model)
    with passes_shown():
        for file in told("looking at files", len(files), files):
            images.header(file)
    rows = []
    for file, probabilities in zip(files, _probabilities(model, files, len(names), centre_crop), strict=True):
        best = np.argsort(-probabilities, kind="stable")[:top]
        rows.append((str(file), [(names[place], float(probabilities[place])) for place in best]))
    if as_json:
        print(json.dumps([{"image": file, "classes": dict(found)} for file, found in rows]))
        return
    tables.show(
        f"{len(rows)} images by {model}",
        ("image", "class", "%"),
        [(file, name, f"{100 * share:.1f}") for file, found in rows for name, share in found],
        left=("image", "class"),
    )


def _probabilities(path: Path, files: Sequence[Path], classes: int, centre_crop: float | None) -> np.ndarray:
    """(files, classes), each row adding up to 1."""
    load_tensorflow()
    import keras

    from eatnas_tf.network import saved_model
    from eatnas_tf.training.examples import resized

    model = saved_model.load(path, classes)
    _, size, _, channels = model.input_shape
    if channels not in (images.GREY, images.COLOUR):
        raise InputError(f"{path}: it takes {channels} channels; expected 1 or 3, as image files have")
    found = []
    with progress.bar("predict", len(files), "image") as bar:
        for first in range(0, len(files), BATCH):
            batch = [
                resized(images.read(file, channels)[None], size, centre_crop)[0]
                for file in files[first : first + BATCH]
            ]
            logits = model(np.stack(batch).astype(np.float32), training=False)
            found.append(np.asarray(keras.ops.softmax(logits)))
            bar.at(first + len(batch), "classifying")
    return np.concatenate(found)

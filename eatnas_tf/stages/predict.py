"""Classification of image files by a retrained model."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError, shown
from eatnas_tf.network import class_names
from eatnas_tf.reporting import progress, tables
from eatnas_tf.stages import image_files
from eatnas_tf.stages.temporary import files_of_command
from eatnas_tf.training import images
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.startup import load_tensorflow

BATCH = 64
NAMED = 3  # files in a warning
COLUMNS = ("image", "rank", "class", "probability", "error")


@dataclass(frozen=True)
class Prediction:
    """The likeliest classes of an image with their probabilities, or why it cannot be read."""

    file: Path
    classes: tuple[tuple[str, float], ...] = ()
    error: str | None = None


@files_of_command()
def run(model: Path, paths: Sequence[Path], top: int, form: str = "table", output: Path | None = None) -> int:
    """Shows the `top` likeliest classes of every image: files, and images in folders.

    Returns how many files cannot be read; they are marked. Raises InputError before TensorFlow is loaded if
    none can.
    """
    names, centre_crop = class_names.read(model), class_names.centre_crop(model)
    encoding = Encoding(**class_names.encoding(model))
    found = image_files.found(paths, encoding)
    _refuse_without_image(paths, found)
    sound = [file for file in found.files if file not in found.unreadable]
    probabilities = _probabilities(model, sound, len(names), centre_crop, encoding)
    known = {
        file: row if isinstance(row, str) else _likeliest(names, row, top)
        for file, row in zip(sound, probabilities, strict=True)
    }
    rows = [_prediction(file, found.unreadable.get(file) or known[file]) for file in found.files]
    bad = [row for row in rows if row.error is not None]
    if len(bad) == len(rows):
        raise _none_readable(rows)
    _show(rows, model, form, output)
    _warn(bad, len(rows), found.left_out)
    return len(bad)


def _likeliest(names: Sequence[str], row: np.ndarray, top: int) -> tuple[tuple[str, float], ...]:
    best = np.argsort(-row, kind="stable")[:top]
    return tuple((names[place], float(row[place])) for place in best)


def _prediction(file: Path, outcome: str | tuple[tuple[str, float], ...]) -> Prediction:
    return Prediction(file, error=outcome) if isinstance(outcome, str) else Prediction(file, outcome)


def _refuse_without_image(paths: Sequence[Path], found: image_files.Listed) -> None:
    if not found.files:
        raise InputError(f"{paths[0]}: no image in it; give image files, or folders that hold some")
    if len(found.unreadable) == len(found.files):
        raise _none_readable([Prediction(file, error=found.unreadable[file]) for file in found.files])


def _none_readable(rows: Sequence[Prediction]) -> InputError:
    first = f"{rows[0].file}: {rows[0].error}"
    return InputError(first if len(rows) == 1 else f"none of {len(rows)} files can be read; {first}")


def _warn(bad: Sequence[Prediction], count: int, left_out: Sequence[Path]) -> None:
    if left_out:
        names = ", ".join(shown(str(file)) for file in left_out[:NAMED])
        more = ", …" if len(left_out) > NAMED else ""
        logging.warning("files that are not images are left out: %d (%s%s)", len(left_out), names, more)
    if bad:
        name = shown(str(bad[0].file))
        logging.warning("%d of %d files cannot be read; %s: %s", len(bad), count, name, bad[0].error)


def _show(rows: Sequence[Prediction], model: Path, form: str, output: Path | None) -> None:
    if form == "table":
        _table(rows, model)
        return
    text = _json(rows) if form == "json" else _csv(rows)
    if output is None:
        print(text.encode("utf-8", "backslashreplace").decode("utf-8"), end="")
        return
    try:
        output.write_bytes(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise InputError(
            f"--output={output}: cannot be written ({error.strerror}); give another file"
        ) from None


def _table(rows: Sequence[Prediction], model: Path) -> None:
    cells = []
    for row in rows:
        if row.error is not None:
            cells.append((str(row.file), row.error, ""))
        cells += [(str(row.file), name, f"{100 * share:.1f}") for name, share in row.classes]
    tables.show(f"{len(rows)} images by {model}", ("image", "class", "%"), cells, left=("image", "class"))


def _json(rows: Sequence[Prediction]) -> str:
    """A list of an object a file; `error` is in those that cannot be read."""
    objects = [
        {"image": str(row.file), "classes": dict(row.classes)}
        | ({} if row.error is None else {"error": row.error})
        for row in rows
    ]
    return f"{json.dumps(objects)}\n"


def _csv(rows: Sequence[Prediction]) -> str:
    """A line for every class shown of an image, one for a file that cannot be read."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        if row.error is not None:
            writer.writerow((row.file, "", "", "", row.error))
        for rank, (name, share) in enumerate(row.classes, start=1):
            writer.writerow((row.file, rank, name, f"{share:.6g}", ""))
    return text.getvalue()


def _probabilities(
    path: Path, files: Sequence[Path], classes: int, centre_crop: float | None, encoding: Encoding
) -> Iterator[np.ndarray | str]:
    """The probabilities of every file's classes, (classes,), which add up to 1; or why it cannot be read."""
    load_tensorflow()
    import keras

    from eatnas_tf.network import saved_model

    model = saved_model.load(path, classes)
    _, size, _, channels = model.input_shape
    if channels not in (images.GREY, images.COLOUR):
        raise InputError(f"{path}: it takes {channels} channels; expected 1 or 3, as image files have")
    classified = 0
    with progress.bar("predict", len(files), "image") as bar:
        for first in range(0, len(files), BATCH):
            batch = files[first : first + BATCH]
            read = [_input(file, size, channels, centre_crop, encoding) for file in batch]
            sound = [image for image in read if not isinstance(image, str)]
            classified += len(sound)
            if sound:
                logits = model(np.stack(sound).astype(np.float32), training=False)
                rows = iter(np.asarray(keras.ops.softmax(logits)))
            for image in read:
                yield image if isinstance(image, str) else next(rows)
            if classified:  # a refusal is one line
                bar.at(first + len(read), "classifying")


def _input(
    file: Path, size: int, channels: int, centre_crop: float | None, encoding: Encoding
) -> np.ndarray | str:
    """The image as the model takes it, or why it cannot be read."""
    from eatnas_tf.training.examples import resized

    try:
        return resized(images.read(file, channels, encoding)[None], size, centre_crop)[0]
    except InputError as error:
        return image_files.without_name(file, error)

"""Datasets: the embedded one, `npz:PATH`, `folder:PATH`, tensorflow-datasets by name, and a program's own.

A source gives the training and the test split apart, and reads a split when it is asked for it: a search and
a selection never ask for the test split. TensorFlow is imported where images are made, not to refuse a file.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from absl import logging

from eatnas_tf.configs import EMBEDDED, VALIDATION, DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import given_source
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, in_memory_if_it_fits
from eatnas_tf.training.folder_source import FolderSource
from eatnas_tf.training.npz_source import NpzSource
from eatnas_tf.training.tfds_source import TfdsSource


class Source(Protocol):
    """A dataset that is opened but of which no split was read yet.

    `class_counts` are the training images of every class, None where only reading them all would tell.
    `validation_count` is None if the dataset brings no validation split. `encoding` is what image files are
    read with, None where there are none.
    """

    classes: tuple[str, ...]
    channels: int
    image_size: int
    train_count: int
    class_counts: tuple[int, ...] | None
    validation_count: int | None
    encoding: Encoding | None

    def train(self, room: int | None = None) -> Examples | Streamed:
        """As `in_memory_if_it_fits`."""
        ...

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        """The validation split that the dataset brings, if it does; `room` as in `train`."""
        ...

    def test(self) -> Examples | Streamed: ...

    def refuse_without_test(self) -> None:
        """Raises InputError if there is no test split, without reading it."""

    def fingerprint(self, tests: bool) -> str:
        """A text that changes with the images to train and validate on; `tests`: also with the test's."""
        ...


class Division(NamedTuple):
    """Images: to train on while networks are compared, to compare them on, and to train the best one on."""

    train: int
    validation: int
    whole: int


def open_source(config: DataConfig, image_size: int | None, encoding: Encoding | None = None) -> Source:
    """The dataset that `config` names, resized to `image_size` if given. Raises InputError.

    Image files are read with `encoding`, which is a model's, or with one that is found in them.
    """
    name, centre_crop = config.name, config.centre_crop or None
    if name == EMBEDDED:
        path = importlib.resources.files("eatnas_tf.data") / "fashion_mnist_mini.npz"
        return NpzSource(Path(str(path)), image_size, centre_crop)
    if name.startswith("npz:"):
        return NpzSource(Path(name.removeprefix("npz:")), image_size, centre_crop)
    if name.startswith("folder:"):
        return FolderSource(Path(name.removeprefix("folder:")), image_size, centre_crop, encoding)
    if name.startswith(given_source.NAME):
        raise InputError(
            f"--dataset={name} was handed in by a program; hand it in again, or name another one"
        )
    return TfdsSource(name, config.data_dir, image_size, centre_crop)


def brings_validation(source: Source, config: DataConfig) -> bool:
    """Whether networks are compared on the dataset's own validation split.

    A `--validation` other than its default asks for so many of the training images instead.
    """
    return source.validation_count is not None and config.validation in (None, VALIDATION)


def own_validation(source: Source, config: DataConfig, room: int | None = None) -> Examples | Streamed | None:
    """The dataset's validation split, if that is what networks are compared on."""
    return source.validation(room) if brings_validation(source, config) else None


def split(
    examples: Examples | Streamed, config: DataConfig, seed: int, own: Examples | Streamed | None = None
) -> tuple[Examples | Streamed, Examples | Streamed]:
    """`train_examples` of the training part, divided into (train, validation) by the seed.

    With `own`, which is `own_validation`, all of them are for the training.
    """
    if own is not None:
        return cut(examples, config, seed), own
    count = len(examples)
    wanted = _wanted(config, count)
    held_out = _held_out(config, wanted)
    if isinstance(examples, Streamed):
        return examples.divided(wanted, held_out, seed)
    order = np.random.default_rng(seed).permutation(count)[:wanted]
    return examples.take(order[held_out:]), examples.take(order[:held_out])


def held(examples: Examples | Streamed, room: int | None = None) -> Examples | Streamed:
    """Images that are only evaluated on, again and again: `in_memory_if_it_fits`."""
    if isinstance(examples, Examples):
        return examples
    return in_memory_if_it_fits(examples, room)


def division(config: DataConfig, source: Source) -> Division:
    """How many images of a dataset are for what. Raises InputError."""
    wanted = _wanted(config, source.train_count)
    if brings_validation(source, config):
        assert source.validation_count is not None
        return Division(wanted, source.validation_count, wanted)
    held_out = _held_out(config, wanted)
    return Division(wanted - held_out, held_out, wanted)


def _wanted(config: DataConfig, count: int) -> int:
    """How many of `count` training images are used. Raises InputError."""
    wanted = config.train_examples or count
    if wanted > count:
        raise InputError(
            f"--train_examples: {wanted} is more than the {count} training images of {config.name}; "
            "give fewer, or 0 for all"
        )
    return wanted


def _held_out(config: DataConfig, wanted: int) -> int:
    """How many of the training images that are used are for validation. Raises InputError."""
    part = VALIDATION if config.validation is None else config.validation
    held_out = round(wanted * part) if part < 1 else round(part)
    if not 0 < held_out < wanted:
        raise InputError(
            f"--validation: {held_out} of {wanted} training images; expected at least 1 and fewer than all"
        )
    return held_out


def cut(examples: Examples | Streamed, config: DataConfig, seed: int) -> Examples | Streamed:
    """All of the training part that `train_examples` leaves, train and validation of `split` together."""
    if not config.train_examples:
        return examples
    wanted = _wanted(config, len(examples))
    if isinstance(examples, Streamed):
        return examples.cut(wanted, seed)
    return examples.take(np.random.default_rng(seed).permutation(len(examples))[:wanted])


def say_validation(source: Source, config: DataConfig) -> None:
    """Says which images networks are compared on where the dataset brings a validation split."""
    count = source.validation_count
    if count is None:
        return
    if brings_validation(source, config):
        text = (
            "validation: on the %s images of the dataset's validation split, trained on all training images"
        )
    else:
        text = (
            "validation: by --validation, on training images; the dataset's validation split (%s) is not used"
        )
    logging.warning(text, f"{count:,}")


def warn_of_rare_classes(source: Source, config: DataConfig) -> None:
    """Names the classes of which a split may leave nothing to validate on, or to train on."""
    if source.class_counts is None:
        return
    parts = division(config, source)
    smaller = parts.train if brings_validation(source, config) else min(parts.train, parts.validation)
    share = smaller / source.train_count
    rare = [
        f"{name!r} ({count})"
        for name, count in zip(source.classes, source.class_counts, strict=True)
        if count * share < 1
    ]
    if rare:
        logging.warning(
            "%d of %d classes have so few training images that a part of the split may have none: %s%s",
            len(rare),
            len(source.classes),
            ", ".join(rare[:5]),
            ", …" if len(rare) > 5 else "",
        )

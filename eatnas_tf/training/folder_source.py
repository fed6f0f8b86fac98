"""Datasets in folders: `PATH/train/<class>/…` with `PATH/test/<class>/…`, or `PATH/<class>/…`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError, shown
from eatnas_tf.training import checks, fingerprint, images
from eatnas_tf.training.examples import UNREADABLE, Examples, Streamed, digest, in_memory_if_it_fits
from eatnas_tf.training.passes import told

if TYPE_CHECKING:
    import tensorflow as tf

TEST_SHARE = 5  # where there is no test folder, one image of so many of a class is for the test
File = tuple[str, int]
Files = Mapping[str, Sequence[Path]]


class FolderSource:
    """A folder a class, with its images at any depth; what is no image is left out and counted in a warning.

    Without `PATH/test` a fifth of every class, always the same, is for the test, and no seed changes it: a
    second run never tests on what the first one trained on. Images become square of `image_size`.
    """

    def __init__(self, path: Path, image_size: int | None, centre_crop: float | None = None) -> None:
        self._path, self._centre_crop = path, centre_crop
        if not os.path.isdir(path):
            raise InputError(f"{path}: no such folder; expected one folder a class in it, or in its train/")
        parted = os.path.isdir(path / "train")
        train, headers = _readable(path / "train" if parted else path, complete=True)
        self.classes = tuple(train)
        self.channels = max(header.channels for header in headers.values())
        self.image_size = image_size or self._common_size(headers)
        self._test: tuple[File, ...] | None = None  # of PATH/test, read when it is asked for
        if not parted:
            train, test = _parted(train)
            self._test = self._labelled(test)
        self.class_counts: tuple[int, ...] | None = tuple(len(files) for files in train.values())
        self._train = self._labelled(train)
        self.train_count = len(self._train)

    def train(self, room: int | None = None) -> Examples | Streamed:
        return self._images(self._train, room)

    def test(self) -> Examples | Streamed:
        if self._test is None:
            self._test = self._test_folder()
        return self._images(self._test, None)

    def refuse_without_test(self) -> None:
        if self._test is None and not os.path.isdir(self._path / "test"):
            raise InputError(f"{self._path}: no test/ beside train/; a retraining ends with a test on it")
        if self._test is None:
            self._refuse_unfit(_classes(self._path / "test"))
        if self._test == ():
            raise InputError(
                f"{self._path}: no class has the {TEST_SHARE} images of which one is for the test"
            )

    def fingerprint(self, tests: bool) -> str:
        """As `fingerprint.Fingerprinted`."""
        files = [file for file, _ in self._train]
        if tests and self._test is not None:
            files += [file for file, _ in self._test]
        elif tests:
            files += [str(file) for of_class in _classes(self._path / "test").values() for file in of_class]
        return fingerprint.of_files(self._path, files)

    def _test_folder(self) -> tuple[File, ...]:
        test, _ = _readable(self._path / "test", complete=False)
        self._refuse_unfit(test)
        return self._labelled(test)

    def _refuse_unfit(self, test: Files) -> None:
        if not any(test.values()):
            raise InputError(f"{self._path}: test/ has no image; a retraining ends with a test on it")
        strangers = sorted(set(test) - set(self.classes))
        if strangers:
            raise InputError(
                f"{self._path}: test/ has a class {strangers[0]!r} that train/ has not; "
                "remove its folder or add one to train/"
            )

    def _images(self, files: tuple[File, ...], room: int | None) -> Examples | Streamed:
        streamed = FolderStreamed(files, self.channels, self.image_size, self._centre_crop)
        return in_memory_if_it_fits(streamed, room)

    def _labelled(self, files: Files) -> tuple[File, ...]:
        return tuple((str(file), self.classes.index(name)) for name in files for file in files[name])

    def _common_size(self, headers: Mapping[Path, images.Header]) -> int:
        found = {(header.width, header.height) for header in headers.values()}
        if len(found) > 1 or len(set(next(iter(found)))) > 1:
            raise InputError(f"{self._path}: images differ in size or are not square; give --image_size")
        return next(iter(found))[0]


@dataclass(frozen=True)
class FolderStreamed(Streamed):
    """Image files with their labels, decoded as they are needed."""

    files: tuple[File, ...]
    channels: int
    image_size: int
    centre_crop: float | None = None

    def __len__(self) -> int:
        return len(self.files)

    def dataset(self, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """As `Streamed.dataset`; the whole order is drawn from the seed."""
        import tensorflow as tf

        files = self.files if shuffle_seed is None else self._drawn(len(self), shuffle_seed)
        paths, labels = zip(*files, strict=True)
        names = [os.fsencode(path) for path in paths]  # they need not be text
        dataset = tf.data.Dataset.from_tensor_slices((names, np.asarray(labels, np.int64)))
        return dataset.map(self._decoded, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def identity(self) -> str:
        return digest(self.files)

    def divided(self, wanted: int, held_out: int, seed: int) -> tuple[FolderStreamed, FolderStreamed]:
        drawn = self._drawn(wanted, seed)
        return self._of(drawn[held_out:]), self._of(drawn[:held_out])

    def cut(self, wanted: int, seed: int) -> FolderStreamed:
        return self._of(self._drawn(wanted, seed))

    def _drawn(self, count: int, seed: int) -> tuple[File, ...]:
        order = np.random.default_rng(seed).permutation(len(self))[:count]
        return tuple(self.files[place] for place in order)

    def _of(self, files: tuple[File, ...]) -> FolderStreamed:
        return replace(self, files=files)

    def _decoded(self, path: Any, label: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        def read(path: bytes, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            try:
                return images.read(Path(os.fsdecode(path)), self.channels), label
            except InputError:
                return np.zeros((1, 1, self.channels), np.uint8), np.full_like(label, UNREADABLE)

        pixels, label = tf.numpy_function(read, [path, label], (tf.uint8, tf.int64), stateful=False)
        label = tf.ensure_shape(label, ())
        return tf.ensure_shape(pixels, (None, None, self.channels)), label


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The image files of every class by its folder's name, both in order. Raises InputError."""
    try:
        found = {
            place.name: _image_files(place)
            for place in sorted(folder.iterdir())
            if place.is_dir() and not place.name.startswith(".")
        }
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: cannot be read ({error.strerror}); make it readable or remove it"
        ) from None
    checks.refuse_few_classes(str(folder), len(found), f"{len(found)} folders; expected one a class")
    return found


def _image_files(place: Path) -> list[Path]:
    """In order, at any depth. Raises OSError: a folder that cannot be read does not pass for an empty one."""

    def refuse(error: OSError) -> None:
        raise error

    walk = os.walk(place, onerror=refuse)
    found = (Path(folder, name) for folder, _, names in walk for name in names)
    return sorted(file for file in found if file.suffix.lower() in images.SUFFIXES and file.is_file())


def _readable(folder: Path, complete: bool) -> tuple[dict[str, list[Path]], dict[Path, images.Header]]:
    """The images of every class, and their headers; a warning says how many files are none.

    Raises InputError if a class of a `complete` folder has no image.
    """
    found = _classes(folder)
    headers: dict[Path, images.Header] = {}
    refused: dict[Path, str] = {}
    files = list(itertools.chain.from_iterable(found.values()))
    for file in told("looking at files", len(files), files):
        try:
            headers[file] = images.header(file)
        except InputError as error:
            refused[file] = str(error)
    readable = {name: [file for file in files if file in headers] for name, files in found.items()}
    for name, files in readable.items():
        if complete and not files:
            why = f" ({refused[found[name][0]]})" if found[name] else ""
            raise InputError(f"{folder}: class {name!r} has no image{why}; add some or remove its folder")
    if refused:
        logging.warning(
            "%s: %d of %d files are left out; %s",
            shown(str(folder)),
            len(refused),
            len(headers) + len(refused),
            next(iter(refused.values())),
        )
    return readable, headers


def _parted(files: Files) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """(training, test) images of every class."""
    train, test = {}, {}
    for name, of_class in files.items():
        drawn = list(of_class)
        Random(os.fsencode(name)).shuffle(drawn)
        count = len(drawn) // TEST_SHARE
        train[name], test[name] = sorted(drawn[count:]), sorted(drawn[:count])
    return train, test

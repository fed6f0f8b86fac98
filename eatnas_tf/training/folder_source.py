"""Datasets in folders: `PATH/train/<class>/…` with `PATH/test/<class>/…`, or `PATH/<class>/…`."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

from absl import logging

from eatnas_tf.errors import InputError, shown
from eatnas_tf.training import fingerprint, images
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import Examples, Streamed, in_memory_if_it_fits
from eatnas_tf.training.folder_layout import TEST, TRAIN, VALIDATION, layout_of
from eatnas_tf.training.folder_splits import (
    TEST_SHARE,
    Files,
    Readable,
    listings_of,
    loose_images,
    readable,
    refuse_empty_classes,
    split_off,
    without_image,
)
from eatnas_tf.training.folder_streamed import File, FolderStreamed
from eatnas_tf.training.left_out import summary
from eatnas_tf.training.survey import encoding_of


class FolderSource:
    """A folder a class, with its images at any depth; what is left out is counted in a warning.

    Splits are folders called train, val or test, in many spellings. Without one for the test a fifth of every
    class, always the same, is for the test, and no seed changes it: a second run never tests on what the
    first one trained on. Images become square of `image_size`. They are read with `encoding`, or with one
    that is found in the training images.
    """

    def __init__(
        self,
        path: Path,
        image_size: int | None,
        centre_crop: float | None = None,
        encoding: Encoding | None = None,
    ) -> None:
        self._path, self._centre_crop = path, centre_crop
        if not os.path.isdir(path):
            raise InputError(f"{path}: no such folder; expected one folder a class in it, or in its train/")
        self._layout = layout_of(path)
        listings = listings_of(self._layout)
        train = readable(listings[TRAIN])
        refuse_empty_classes(self._layout.train, train)
        self.classes = tuple(train.classes)
        looks = train.looks
        self.channels = max(look.header.channels for look in looks.values())
        self.image_size = image_size or self._common_size([look.header for look in looks.values()])
        self.encoding: Encoding | None = (
            self._known(encoding, looks) if encoding else encoding_of(path, looks)
        )
        validation = readable(listings[VALIDATION]) if VALIDATION in listings else None
        self._set_validation(validation)
        self._test_listing = listings.get(TEST)
        self._test: tuple[File, ...] | None = None  # of the test folder, read when it is asked for
        self._set_train(train.classes)
        self._say_how_it_is_read()
        self._warn_of_left_out([train, validation] if validation else [train], loose=True)

    def train(self, room: int | None = None) -> Examples | Streamed:
        return self._images(self._train, room)

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        return None if self._validation is None else self._images(self._validation, room)

    def test(self) -> Examples | Streamed:
        if self._test is None:
            self._test = self._test_folder()
        return self._images(self._test, None)

    def refuse_without_test(self) -> None:
        """As `Source.refuse_without_test`; the test's files are looked at, their pixels are not read."""
        if self._test is None:
            self._test = self._test_folder()
        if self._test == ():
            raise InputError(
                f"{self._path}: no class has the {TEST_SHARE} images of which one is for the test"
            )

    def fingerprint(self, tests: bool) -> str:
        """As `data.Source`."""
        files = [file for file, _ in (*self._train, *(self._validation or ()))]
        if tests and self._test is not None:
            files += [file for file, _ in self._test]
        elif tests and self._test_listing is not None:
            files += [str(one.path) for of in self._test_listing.classes.values() for one in of]
        return fingerprint.of_files(self._path, files)

    def _set_train(self, files: Files) -> None:
        if self._test_listing is None:
            files, test = split_off(files)
            self._test = self._labelled(test)
        self.class_counts: tuple[int, ...] | None = tuple(len(of_class) for of_class in files.values())
        self._train = self._labelled(files)
        self.train_count = len(self._train)

    def _set_validation(self, found: Readable | None) -> None:
        self._validation = None if found is None else self._labelled(found.classes)
        self.validation_count = None if self._validation is None else len(self._validation)
        if self._validation == () and self._layout.validation is not None:
            raise without_image(self._layout.validation, VALIDATION)
        if found is not None and self.encoding is not None:
            self._known(self.encoding, found.looks)

    def _test_folder(self) -> tuple[File, ...]:
        assert self._test_listing is not None
        assert self._layout.test is not None
        found = readable(self._test_listing)
        if not found.looks:
            raise without_image(self._layout.test, TEST)
        assert self.encoding is not None
        self._known(self.encoding, found.looks)
        self._warn_of_left_out([found])
        return self._labelled(found.classes)

    def _images(self, files: tuple[File, ...], room: int | None) -> Examples | Streamed:
        streamed = FolderStreamed(files, self.channels, self.image_size, self._centre_crop, self.encoding)
        return in_memory_if_it_fits(streamed, room)

    def _labelled(self, files: Files) -> tuple[File, ...]:
        labels = {name: label for label, name in enumerate(self.classes)}
        return tuple((str(file), labels[name]) for name in files for file in files[name])

    def _known(self, encoding: Encoding, looks: dict[Path, images.Look]) -> Encoding:
        """`encoding`; raises InputError if there is a file that it says nothing of."""
        for file, look in looks.items():
            encoding.refuse_unscaled(file, look.values)
        return encoding

    def _common_size(self, headers: Sequence[images.Header]) -> int:
        found = {(header.width, header.height) for header in headers}
        if len(found) > 1 or len(set(next(iter(found)))) > 1:
            raise InputError(f"{self._path}: images differ in size or are not square; give --image_size")
        return next(iter(found))[0]

    def _say_how_it_is_read(self) -> None:
        """Whatever is not as the names of the folders or the files have it."""
        said = [f"{place.name}/ has no class folders and is not used" for place in self._layout.unlabelled]
        if self._layout.has_splits and self._test:
            said.append(
                f"there is no test split: {len(self._test):,} training images, a fifth of every class, are "
                "kept for the test"
            )
        said += self.encoding.said() if self.encoding else []
        if said:
            _warn("%s: %s", self._path, "; ".join(said))

    def _warn_of_left_out(self, parts: Sequence[Readable], loose: bool = False) -> None:
        left_out = [one for part in parts for one in part.left_out]
        left_out += loose_images(self._layout) if loose else []
        if left_out:
            whole = len(left_out) + sum(len(part.looks) for part in parts)
            counted = f"{len(left_out):,} of {whole:,} files are left out: {summary(left_out, self._path)}"
            _warn("%s: %s", self._path, counted)


def _warn(text: str, path: Path, what: str) -> None:
    """In the main process: its workers open the same dataset."""
    if multiprocessing.parent_process() is None:
        logging.warning(text, shown(str(path)), shown(what))

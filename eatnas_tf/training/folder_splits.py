"""The images of a dataset's splits in folders: no file in two of them, and only what can be read."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.training import checks, images
from eatnas_tf.training.folder_files import Listing, files_beside, folders_in, listing
from eatnas_tf.training.folder_layout import TEST, TRAIN, VALIDATION, Layout, is_image, nested
from eatnas_tf.training.left_out import LOOSE, TOO_LARGE, LeftOut, reason_of
from eatnas_tf.training.passes import told

TEST_SHARE = 5  # where there is no test folder, one image of so many of a class is for the test
PURPOSES = {TEST: "a retraining ends with a test on it", VALIDATION: "networks are compared on it"}
Files = Mapping[str, Sequence[Path]]


class Readable(NamedTuple):
    """The images of every class with what their files say, what is left out, and Pillow's words on that."""

    classes: dict[str, list[Path]]
    looks: dict[Path, images.Look]
    left_out: list[LeftOut]
    refusals: dict[Path, InputError]


def listings_of(layout: Layout) -> dict[str, Listing]:
    """Each split's files, by the names TRAIN, VALIDATION and TEST. Raises InputError.

    A file that links put into two splits stays in the test, or else in the validation.
    """
    _refuse_few(layout.train)
    places = {TEST: layout.test, VALIDATION: layout.validation, TRAIN: layout.train}
    found: dict[str, Listing] = {}
    taken: dict[str, str] = {}
    for split, place in places.items():
        if place is not None:
            found[split] = _without(listing(place), taken)
            if split != TRAIN:
                _refuse_unfit(split, place, found[split], layout.train)
            taken |= {
                one.resolved: place.name
                for one in itertools.chain.from_iterable(found[split].classes.values())
            }
    return found


def _without(whole: Listing, taken: Mapping[str, str]) -> Listing:
    kept = {
        name: [one for one in files if one.resolved not in taken] for name, files in whole.classes.items()
    }
    removed = [
        LeftOut(one.path, f"also linked in {taken[one.resolved]}/")
        for one in itertools.chain.from_iterable(whole.classes.values())
        if one.resolved in taken
    ]
    return Listing(kept, [*whole.left_out, *removed])


def _refuse_few(train: Path) -> None:
    folders = folders_in(train)
    inner = nested(train) if len(folders) < checks.FEWEST_CLASSES else None
    way_out = f"; give {inner} if that is the dataset" if inner else ""
    checks.refuse_few_classes(
        str(train), len(folders), f"{len(folders)} folders; expected one a class", way_out
    )


def _refuse_unfit(split: str, place: Path, found: Listing, train: Path) -> None:
    """Raises InputError for a validation or test split without a file, or with classes of its own."""
    if not any(found.classes.values()):
        raise without_image(place, split)
    strangers = sorted(set(found.classes) - {folder.name for folder in folders_in(train)})
    if strangers:
        raise InputError(
            f"{place.parent}: {place.name}/ has a class {strangers[0]!r} that {train.name}/ has not; "
            f"remove its folder or add one to {train.name}/"
        )


def without_image(place: Path, split: str) -> InputError:
    return InputError(
        f"{place.parent}: {place.name}/ has no image; {PURPOSES[split]}: add some or remove the folder"
    )


def loose_images(layout: Layout) -> list[LeftOut]:
    """Images beside the folders of the classes or of the splits."""
    places = [place for place in (layout.train, layout.validation, layout.test) if place is not None]
    if layout.has_splits:
        places.append(layout.train.parent)
    files = list(itertools.chain.from_iterable(files_beside(place) for place in places))
    return [LeftOut(file, LOOSE) for file in told("looking at files", len(files), files) if is_image(file)]


def readable(found: Listing) -> Readable:
    """Of the files that are found those that are images; their pixels are not read yet."""
    looks: dict[Path, images.Look] = {}
    refusals: dict[Path, InputError] = {}
    files = [one.path for one in itertools.chain.from_iterable(found.classes.values())]
    for file in told("looking at files", len(files), files):
        try:
            looks[file] = images.look(file)
        except InputError as error:
            refusals[file] = error
    classes = {name: [one.path for one in of if one.path in looks] for name, of in found.classes.items()}
    left_out = [
        LeftOut(file, TOO_LARGE if isinstance(error, images.TooLargeError) else reason_of(file))
        for file, error in refusals.items()
    ]
    return Readable(classes, looks, [*found.left_out, *left_out], refusals)


def refuse_empty_classes(folder: Path, found: Readable) -> None:
    """Raises InputError for a class without an image, with what was wrong with its first file."""
    for name, files in found.classes.items():
        if not files:
            wrong = [str(error) for file, error in found.refusals.items() if folder / name in file.parents]
            wrong += [
                f"{one.path}: {one.reason}" for one in found.left_out if folder / name in one.path.parents
            ]
            why = f" ({wrong[0]})" if wrong else ""
            raise InputError(f"{folder}: class {name!r} has no image{why}; add some or remove its folder")


def split_off(files: Files) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """(training, test) images of every class: one in TEST_SHARE, always the same."""
    train, test = {}, {}
    for name, of_class in files.items():
        drawn = list(of_class)
        Random(os.fsencode(name)).shuffle(drawn)
        count = len(drawn) // TEST_SHARE
        train[name], test[name] = sorted(drawn[count:]), sorted(drawn[:count])
    return train, test

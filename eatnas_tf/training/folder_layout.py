"""Which folders of a dataset are its splits, by their names, and which are its classes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.training import images
from eatnas_tf.training.folder_files import files_beside, folders_in, is_foreign

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), TRAIN),
    **dict.fromkeys(
        ("val", "valid", "validation", "validate", "validating", "dev", "development"), VALIDATION
    ),
    **dict.fromkeys(("test", "testing", "tst"), TEST),
}
FILLERS = {"set", "data", "dataset", "split", "images", "imgs", "folder", "dir"}  # as in train_set
LOOKED_AT = 1000  # files of a folder that is none of the splits'
EXPECTED = (
    "expected folders such as train/, val/ and test/ with one folder a class in each, or one folder a class"
)


class Layout(NamedTuple):
    """The folders that hold the classes' folders; without splits `train` is the dataset itself.

    `unlabelled` are splits with images and no classes, which cannot be used.
    """

    train: Path
    validation: Path | None = None
    test: Path | None = None
    unlabelled: tuple[Path, ...] = ()
    has_splits: bool = True


def layout_of(path: Path) -> Layout:
    """Raises InputError for folders of which it is not clear what they are."""
    folders = folders_in(path)
    splits = _splits(folders)
    if not splits:
        _refuse_splits_in(folders)
        return Layout(path, has_splits=False)
    _refuse_strangers(path, [one for one in folders if one not in itertools.chain(*splits.values())], splits)
    for found in splits.values():
        if len(found) > 1:
            raise InputError(
                f"{path}: {_named(found)} are the same split by their names; leave one of them there"
            )
    if TRAIN not in splits:
        there = _named([found[0] for found in splits.values()])
        raise InputError(f"{path}: {there} without a train/; {EXPECTED}")
    train = _unwrapped(splits[TRAIN][0])
    classes = _names_in(train)
    others = {
        split: found[0] if classes & _names_in(found[0]) else _unwrapped(found[0])
        for split, found in splits.items()
        if split != TRAIN
    }
    unlabelled = tuple(place for place in others.values() if not folders_in(place) and files_beside(place))
    used = {split: place for split, place in others.items() if place not in unlabelled}
    return Layout(train, used.get(VALIDATION), used.get(TEST), unlabelled)


def _names_in(place: Path) -> set[str]:
    return {folder.name for folder in folders_in(place)}


def _unwrapped(place: Path) -> Path:
    """The split's folder, or the only one in it if that has the split's name, too: `seg_train/seg_train`."""
    inner = folders_in(place)
    if len(inner) == 1 and not files_beside(place) and _affixed(inner[0].name) == _affixed(place.name):
        return inner[0]
    return place


def nested(path: Path) -> Path | None:
    """The one folder in `path` that looks like the dataset which `path` is not."""
    folders = folders_in(path)
    if len(folders) == 1 and (len(folders_in(folders[0])) > 1 or _splits(folders_in(folders[0]))):
        return folders[0]
    return None


def _splits(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """The folders of every split that there is: `train`, or `pets_train` where there is `pets_test`, too."""
    by_affix: dict[tuple[str, ...], dict[str, list[Path]]] = {}
    for folder in folders:
        split, affix = _affixed(folder.name)
        if split is not None:
            by_affix.setdefault(affix, {}).setdefault(split, []).append(folder)
    plain = by_affix.pop((), {})
    pairs = [found for found in by_affix.values() if TRAIN in found and len(found) > 1]
    return plain or (pairs[0] if len(pairs) == 1 else {})


def _affixed(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The split that a folder is called after, and the words beside it; numbers are all alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    words = re.findall(r"#|[^-_ .#]+", re.sub(r"[0-9]+", "#", spaced.lower()))
    if len(words) == 1:
        filler = next((one for one in FILLERS if words[0].endswith(one) and words[0] != one), "")
        words = [words[0].removesuffix(filler)]
    kept = [word for word in words if word not in FILLERS]
    for place in (0, -1):
        if kept and kept[place] in SPLITS:
            return SPLITS[kept[place]], tuple(kept[1:] if place == 0 else kept[:-1])
    return None, ()


def _refuse_strangers(path: Path, strangers: Sequence[Path], splits: dict[str, list[Path]]) -> None:
    """Raises InputError for folders with images beside those of splits; others may hold anything."""
    with_images = [folder for folder in strangers if _has_image(folder)]
    if with_images:
        there = _named([place for found in splits.values() for place in found])
        raise InputError(
            f"{path}: {_named(with_images)} beside {there}; {EXPECTED}: move one of them away, or rename a "
            "class that is called like a split"
        )


def _refuse_splits_in(classes: Sequence[Path]) -> None:
    for folder in classes:
        splits = _splits(folders_in(folder))
        if len(splits) > 1:
            there = _named([place for found in splits.values() for place in found])
            way_out = f"; give {folder} if that is the dataset" if len(classes) == 1 else ""
            raise InputError(
                f"{folder}: {there} in the folder of a class; expected classes in train/ and test/{way_out}"
            )


def _has_image(folder: Path) -> bool:
    files = (file for file in folder.rglob("*") if file.is_file() and not is_foreign(file.name))
    return any(map(is_image, itertools.islice(files, LOOKED_AT)))


def is_image(file: Path) -> bool:
    try:
        images.look(file)
    except InputError:
        return False
    return True


def _named(folders: Sequence[Path]) -> str:
    names = [f"{folder.name}/" for folder in folders[:5]]
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]

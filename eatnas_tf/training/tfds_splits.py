"""The splits of a dataset of tensorflow-datasets: which one is for what, and how one is divided."""

from __future__ import annotations

import multiprocessing
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError, shown

NAMES = {  # what a part may be called, the usual name first
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
TEST_SHARE, TEST_SEED = 5, 0  # without a test split, one image of so many of train is for the test
STRETCHES = 100
LOOKED_AT = 20  # records whose labels tell whether a split has any
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Part:
    """The images in `ranges` of a split."""

    split: str
    ranges: Ranges

    @property
    def count(self) -> int:
        return sum(stop - start for start, stop in self.ranges)


def parts(where: str, builder: Any) -> dict[str, Part]:
    """What to train, validate and test on, by these names, as far as the dataset has it.

    Where no test split has labels, a fifth of train is for the test: stretches of it, drawn from a fixed seed
    that no seed of a run changes. ImageNet is tested on its validation split, as everywhere.
    """
    found = {part: _whole(builder, name) for part, name in _named(where, builder).items()}
    if _is_imagenet(builder):
        found.pop("test", None)
        if "validation" in found:
            found["test"] = found.pop("validation")
        return found
    if "test" in found and _unlabelled(builder, found["test"].split):
        _say(f"{where}: its {found['test'].split} split has no labels and is not used")
        del found["test"]
    if "train" in found and "test" not in found:
        found["train"], found["test"] = _split_off(found["train"])
        _say(
            f"{where} has no labelled test split: {found['test'].count} images of its {found['train'].split} "
            "split, always the same, are kept for the test"
        )
    return found


def name_of(builder: Any, part: str) -> str:
    """What a missing part would be called."""
    return "validation" if part == "test" and _is_imagenet(builder) else part


def _is_imagenet(builder: Any) -> bool:
    return str(builder.name).startswith("imagenet")


def _named(where: str, builder: Any) -> dict[str, str]:
    """The splits of the parts that there are, in whatever case they are written. Raises InputError."""
    there = {str(split).lower(): str(split) for split in builder.info.splits}
    found = {}
    for part, names in NAMES.items():
        several = [there[name] for name in names if name in there]
        if len(several) > 1:
            raise InputError(f"{where} has the splits {', '.join(several)}, which all could be its {part}")
        if several:
            found[part] = several[0]
    return found


def _whole(builder: Any, split: str) -> Part:
    return Part(split, ((0, builder.info.splits[split].num_examples),))


def _split_off(train: Part) -> tuple[Part, Part]:
    kept, test = divided(train.ranges, train.count, train.count // TEST_SHARE, TEST_SEED)
    return Part(train.split, kept), Part(train.split, test)


def divided(ranges: Ranges, wanted: int, held_out: int, seed: int) -> tuple[Ranges, Ranges]:
    """The first `wanted` images of `ranges` as (others, held out), the latter in stretches from the seed.

    Records lie in an order shuffled at preparation, so that a hundred stretches are as good a sample as
    single images and can be read without going through all of them.
    """
    stretches = min(STRETCHES, held_out, wanted - held_out)
    edges = [round(edge * wanted / stretches) for edge in range(stretches + 1)] if stretches else [0]
    takes = [
        round((part + 1) * held_out / stretches) - round(part * held_out / stretches)
        for part in range(stretches)
    ]
    rng = np.random.default_rng(seed)
    others, held = [], []
    for start, stop, take in zip(edges[:-1], edges[1:], takes, strict=True):
        first = start + int(rng.integers(0, stop - start - take + 1))
        held.append((first, first + take))
        others += [(start, first), (first + take, stop)]
    if not stretches:
        others = [(0, wanted)]
    return _joined(ranges, others), _joined(ranges, held)


def _joined(ranges: Ranges, places: Iterable[tuple[int, int]]) -> Ranges:
    return tuple(one for start, stop in places for one in between(ranges, start, stop))


def between(ranges: Ranges, start: int, stop: int) -> Ranges:
    """The part of `ranges`, put in a row, from one place to another."""
    found, before = [], 0
    for first, end in ranges:
        low, high = max(start - before, 0), min(stop - before, end - first)
        if low < high:
            found.append((first + low, first + high))
        before += end - first
    return tuple(found)


def _unlabelled(builder: Any, split: str) -> bool:
    """Whether the first records of a split have -1 for a label, as those of contests do."""
    labels = list(islice(_labels(builder.info.splits[split].filepaths), LOOKED_AT))
    return bool(labels) and all(label < 0 for label in labels)


def _labels(files: Sequence[Path]) -> Iterator[int]:
    """The labels in files of TFRecords, read without a TensorFlow operation, which would take a GPU.

    The main process of several workers must not. Files that cannot be read so have no labels here; whoever
    reads the split says what is wrong with them.
    """
    import tensorflow as tf

    for file in files:
        try:
            for record in _records(file):
                yield tf.train.Example.FromString(record).features.feature["label"].int64_list.value[0]
        except Exception:  # another format, or damage
            return


def _records(file: Path) -> Iterator[bytes]:
    """A TFRecord is its length in 8 bytes, 4 bytes of checksum, the record, and again 4 bytes."""
    with open(file, "rb") as stream:
        while header := stream.read(12):
            yield stream.read(struct.unpack("<Q", header[:8])[0])
            stream.read(4)


@cache
def _say(what: str) -> None:
    """Once, and not in workers' processes, which open the same dataset."""
    if multiprocessing.parent_process() is None:
        logging.warning("%s", shown(what))

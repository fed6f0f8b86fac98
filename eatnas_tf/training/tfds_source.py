"""Image classification datasets of tensorflow-datasets."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError, reason, shown
from eatnas_tf.training import checks, passes, tfds_splits
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import UNREADABLE, Examples, Streamed, digest, in_memory_if_it_fits

if TYPE_CHECKING:
    import tensorflow as tf

    from eatnas_tf.training.patches import Box

_downloading: ContextVar[bool] = ContextVar("downloading", default=True)
Decode = Callable[[Any, Any], Any]  # (number in the order read, encoded image) -> image
LINE_EVERY = "60"  # seconds between two lines of progress, where no terminal is
WIDE = 257  # 65,535 / 255
SLICE = re.compile(r"[\w/:.*]+\[")  # as in mnist[:50%], which tensorflow-datasets takes for a split only
ANEW = "restore it, or delete the dataset's folder to have it prepared anew"


@contextmanager
def nothing_downloaded() -> Iterator[None]:
    """In the block, a dataset that is not prepared yet is refused instead of downloaded."""
    before = _downloading.set(False)
    try:
        yield
    finally:
        _downloading.reset(before)


class TfdsSource:
    """An image classification dataset of tensorflow-datasets, prepared on first use.

    16-bit images become 8-bit ones by dividing all of them by 257. Without a labelled test split, a fifth of
    train is for the test, by the rule of `tfds_splits.parts`.
    """

    class_counts: tuple[int, ...] | None = None
    validation_count: int | None = None
    encoding: Encoding | None = None

    def __init__(
        self, name: str, data_dir: str | None, image_size: int | None, centre_crop: float | None = None
    ) -> None:
        if not sys.stderr.isatty():
            os.environ.setdefault("TQDM_MININTERVAL", LINE_EVERY)  # is read when tqdm is imported, as here
        import tensorflow_datasets as tfds

        self._where, self._centre_crop = f"dataset {name!r}", centre_crop
        self._builder = _builder(name, data_dir)
        features = self._builder.info.features
        keys = self._builder.info.supervised_keys
        if keys != ("image", "label") or not isinstance(features["label"], tfds.features.ClassLabel):
            raise InputError(
                f"{self._where} is not one for image classification: it has no image and class label"
            )
        height, width, self.channels = _shape(self._where, features["image"])
        _prepare(self._builder)
        self.classes = _classes(self._where, features["label"])  # their names may come with the data
        if image_size is None and (height is None or height != width):
            raise InputError(f"{self._where}: images differ in size or are not square; give --image_size")
        self.image_size = int(image_size or height or 0)
        self._refuse_without_info()
        self._parts = tfds_splits.parts(self._where, self._builder)
        self._refuse_missing("train", "train on")
        self.train_count = self._parts["train"].count
        self.validation_count = self._parts["validation"].count if "validation" in self._parts else None
        if self.validation_count is not None:
            self._refuse_missing("validation", "validate on")

    def train(self, room: int | None = None) -> Examples | Streamed:
        train = self._examples("train", room)
        if isinstance(train, Examples):
            found = f"all labels of its train split are {train.labels[0]}; expected classes"
            checks.refuse_few_classes(self._where, len(np.unique(train.labels)), found)
        return train

    def validation(self, room: int | None = None) -> Examples | Streamed | None:
        return self._examples("validation", room) if "validation" in self._parts else None

    def test(self) -> Examples | Streamed:
        return self._examples("test")

    def refuse_without_test(self) -> None:
        self._refuse_missing("test", "test on")
        if not self._parts["test"].count:
            raise InputError(
                f"{self._where} has no test split, and {self.train_count} images of train are too few "
                "to keep a fifth of them for the test; give another --dataset"
            )

    def fingerprint(self, tests: bool) -> str:
        """As `data.Source`; a split is known by its shards' lengths and its bytes."""
        parts = {name: part for name, part in self._parts.items() if tests or name != "test"}
        splits = self._builder.info.splits
        sizes = [(splits[part.split].num_bytes, splits[part.split].shard_lengths) for part in parts.values()]
        return digest((self._builder.info.full_name, sorted(parts.items()), sizes))

    def _refuse_without_info(self) -> None:
        described = self._builder.data_path / "dataset_info.json"
        if not described.exists():
            raise InputError(f"{described}: no such file; {ANEW}")

    def _refuse_missing(self, part: str, purpose: str) -> None:
        if part not in self._parts:
            there = ", ".join(sorted(self._builder.info.splits)) or "none"
            wanted = tfds_splits.name_of(self._builder, part)
            raise InputError(
                f"dataset {self._builder.name!r} has no {wanted} split to {purpose}, its splits: {there}"
                f"{_way_out(self._builder)}"
            )
        _refuse_incomplete(self._builder, self._parts[part].split)

    def _examples(self, part: str, room: int | None = None) -> Examples | Streamed:
        split, ranges = self._parts[part].split, self._parts[part].ranges
        streamed = TfdsStreamed(
            self._builder, split, ranges, self.channels, self.image_size, self._centre_crop
        )
        return in_memory_if_it_fits(streamed, room)


def _shape(where: str, image: Any) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of images that can be trained on. Raises InputError."""
    shape, dtype = tuple(image.shape), np.dtype(image.np_dtype)
    if len(shape) != 3 or dtype not in (np.uint8, np.uint16) or shape[-1] not in checks.CHANNELS:
        raise InputError(
            f"{where}: its images are {dtype} {shape}; expected uint8 or uint16 (height, width, channels) "
            "with 1 or 3 channels: make an .npz of uint8 images of them, and give npz:PATH"
        )
    return shape


def _classes(where: str, label: Any) -> tuple[str, ...]:
    count = label.num_classes or 0
    checks.refuse_few_classes(where, count, f"its labels are of {count} classes; expected several")
    return checks.class_names(where, label.names, count)


@dataclass(frozen=True)
class TfdsStreamed(Streamed):
    """`ranges` of a tensorflow-datasets split."""

    builder: Any
    split: str
    ranges: tuple[tuple[int, int], ...]
    channels: int
    image_size: int
    centre_crop: float | None = None

    def __len__(self) -> int:
        return sum(stop - start for start, stop in self.ranges)

    def dataset(self, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """As `Streamed.dataset`."""
        feature = self.builder.info.features["image"]
        return self._decoded(shuffle_seed, lambda number, encoded: _bytes(feature.decode_example(encoded)))

    def patches(self, shuffle_seed: int | None, box: Box) -> tf.data.Dataset:
        """As `Streamed.patches`; of a JPEG only what the patch needs is decoded."""
        from eatnas_tf.training.patches import jpeg_patch

        feature = self.builder.info.features["image"]
        if getattr(feature, "encoding_format", None) != "jpeg":
            return super().patches(shuffle_seed, box)
        return self._decoded(
            shuffle_seed,
            lambda number, encoded: jpeg_patch(encoded, box, number, self.image_size, self.channels),
        )

    def _decoded(self, shuffle_seed: int | None, decode: Decode) -> tf.data.Dataset:
        """(image, label) pairs; where decoding fails, a black pixel labelled UNREADABLE."""
        import tensorflow as tf

        def one(number: Any, file: Any) -> tf.data.Dataset:
            pair = tf.data.Dataset.from_tensors((number, file))
            read = pair.map(lambda number, file: (decode(number, file[0]), file[1]))
            image, label = read.element_spec
            black = tf.zeros([side or 1 for side in image.shape], image.dtype)
            unreadable = tf.data.Dataset.from_tensors((black, tf.constant(UNREADABLE, label.dtype)))
            return read.ignore_errors().concatenate(unreadable).take(1)

        return (
            self._encoded(shuffle_seed)
            .enumerate()
            .interleave(
                one, cycle_length=16, block_length=1, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
            )
        )

    def _encoded(self, shuffle_seed: int | None) -> tf.data.Dataset:
        import tensorflow_datasets as tfds

        instruction = "+".join(f"{self.split}[{start}:{stop}]" for start, stop in self.ranges)
        config = tfds.ReadConfig(
            try_autocache=False,  # every pass has a pipeline of its own, which would fill its cache in vain
            shuffle_seed=shuffle_seed,
            interleave_cycle_length=16,
        )
        dataset = self.builder.as_dataset(
            instruction,
            shuffle_files=shuffle_seed is not None,
            as_supervised=True,
            read_config=config,
            decoders={"image": tfds.decode.SkipDecoding()},
        )
        return dataset if shuffle_seed is None else dataset.shuffle(4096, shuffle_seed)

    def identity(self) -> str:
        return digest((self.builder.info.full_name, str(self.builder.data_dir), self.split, self.ranges))

    def refuse_damaged(self, error: tf.errors.OpError) -> None:
        """As `Streamed.refuse_damaged`; an error that names no file has all of the split's files read."""
        import tensorflow as tf

        _refuse_incomplete(self.builder, self.split)
        logging.warning("looking for the file of %s that cannot be read", shown(str(self.builder.data_dir)))
        for file in map(str, self.builder.info.splits[self.split].filepaths):
            if isinstance(error, tf.errors.DataLossError) or file in str(error):
                _refuse_damaged(file)

    def divided(self, wanted: int, held_out: int, seed: int) -> tuple[TfdsStreamed, TfdsStreamed]:
        """As `Streamed.divided`, in stretches as `tfds_splits.divided` draws them."""
        train, validation = tfds_splits.divided(self.ranges, wanted, held_out, seed)
        return replace(self, ranges=train), replace(self, ranges=validation)

    def cut(self, wanted: int, seed: int) -> TfdsStreamed:
        return replace(self, ranges=tfds_splits.between(self.ranges, 0, wanted))


def _bytes(image: Any) -> Any:
    """An image as uint8: of 16 bits, 65,535 becomes 255, whatever its own largest value is."""
    import tensorflow as tf

    if image.dtype != tf.uint16:
        return image
    return tf.cast((tf.cast(image, tf.int32) + WIDE // 2) // WIDE, tf.uint8)


def _builder(name: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds

    if SLICE.match(name):
        raise InputError(
            f"dataset {name!r} is part of a dataset; expected a whole one, such as "
            f"{name.partition('[')[0]}: --train_examples cuts it"
        )
    try:
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:
        place = Path(data_dir or tfds.core.constants.DATA_DIR).expanduser() / name.partition(":")[0]
        wrong_name = isinstance(error, ValueError | AssertionError)
        if not wrong_name and os.path.isdir(place):
            raise InputError(f"{place}: cannot be read ({reason(error)}); {ANEW}") from None
        raise InputError(
            f"dataset {name!r} is not known ({reason(error)}); expected fashion_mnist_mini, "
            "npz:PATH, folder:PATH or a name of tensorflow-datasets such as cifar10"
        ) from None


def _prepare(builder: Any) -> None:
    """Downloads and prepares, unless that was done. Raises InputError, which says what to put where."""
    by_hand = " ".join((builder.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())
    if by_hand and not builder.data_path.exists() and not any(_manual(builder).glob("*")):
        raise InputError(
            f"dataset {builder.name!r} is downloaded by hand into {_manual(builder)}, which is missing or "
            f"empty: {by_hand}"
        )
    if not _downloading.get() and not builder.data_path.exists():
        first = "prepare it" if by_hand else f"download {_download_size(builder)} and prepare it"
        raise InputError(
            f"dataset {builder.name!r} is not prepared in {builder._data_dir_root}, and a dry run leaves it "
            f"so; the command itself would {first} first"
        )
    import tensorflow_datasets as tfds

    if not passes.listened():
        tfds.disable_progress_bar()
    try:
        with redirect_stdout(sys.stderr):  # where progress belongs
            builder.download_and_prepare()
    except Exception as error:
        way_out = f"put it under --data_dir, which is {builder._data_dir_root}"
        if by_hand:
            way_out = f"it is downloaded by hand into {_manual(builder)}: {by_hand}"
        raise InputError(
            f"dataset {builder.name!r} could not be prepared ({reason(error)}); {way_out}"
        ) from None


def _download_size(builder: Any) -> str:
    """As far as it is known without asking anybody: from the checksums in the package."""
    import tensorflow_datasets as tfds

    known = builder.info.download_size or sum(file.size or 0 for file in builder.url_infos.values())
    return f"about {tfds.core.utils.Size(known)}" if known else "it (its size is not known)"


def _way_out(builder: Any) -> str:
    """What to do where a split is missing: one that is downloaded by hand may only have come too late."""
    if not builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return ""
    return f"; put its files into {_manual(builder)} and delete {builder.data_dir} to have it prepared anew"


def _manual(builder: Any) -> Path:
    return Path(builder._data_dir_root) / "downloads" / "manual"


def _refuse_incomplete(builder: Any, name: str) -> None:
    """Raises InputError if a file of the split is missing or cut short, before any time is spent on it."""
    split, found = builder.info.splits[name], 0
    for file in split.filepaths:
        try:
            found += file.stat().length
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror}); {ANEW}") from None
    if found < split.num_bytes:
        raise InputError(
            f"{builder.data_dir}: its {name} split has {found:,} bytes, expected {split.num_bytes:,}; {ANEW}"
        )


def _refuse_damaged(file: str) -> None:
    """Raises InputError if a file of records cannot be read to its end; their checksums tell."""
    import tensorflow as tf

    try:
        for _ in tf.data.TFRecordDataset(file):
            pass
    except tf.errors.DataLossError:
        raise InputError(f"{file}: a record in it is damaged; {ANEW}") from None
    except tf.errors.OpError as error:
        raise InputError(f"{file}: cannot be read ({type(error).__name__}); {ANEW}") from None

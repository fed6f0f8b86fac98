"""Image classification datasets of tensorflow-datasets."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from eatnas_tf.errors import InputError, reason, shown
from eatnas_tf.training import passes
from eatnas_tf.training.examples import UNREADABLE, Examples, Streamed, digest, in_memory_if_it_fits

if TYPE_CHECKING:
    import tensorflow as tf

    from eatnas_tf.training.patches import Box

_downloading: ContextVar[bool] = ContextVar("downloading", default=True)
Decode = Callable[[Any, Any], Any]  # (number in the order read, encoded image) -> image
LINE_EVERY = "60"  # seconds between two lines of progress, where no terminal is
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
    """An image classification dataset of tensorflow-datasets, prepared on first use."""

    class_counts: tuple[int, ...] | None = None

    def __init__(
        self, name: str, data_dir: str | None, image_size: int | None, centre_crop: float | None = None
    ) -> None:
        if not sys.stderr.isatty():
            os.environ.setdefault("TQDM_MININTERVAL", LINE_EVERY)  # is read when tqdm is imported, as here
        import tensorflow_datasets as tfds

        self._centre_crop = centre_crop
        self._builder = _builder(name, data_dir)
        features = self._builder.info.features
        keys = self._builder.info.supervised_keys
        if keys != ("image", "label") or not isinstance(features["label"], tfds.features.ClassLabel):
            raise InputError(
                f"dataset {name!r} is not one for image classification: it has no image and class label"
            )
        _prepare(self._builder)
        height, width, self.channels = features["image"].shape
        self._fixed = height is not None and width is not None
        if image_size is None and not (self._fixed and height == width):
            raise InputError(f"dataset {name!r}: images differ in size or are not square; give --image_size")
        self.image_size = image_size or height
        self.classes = tuple(features["label"].names)
        self._refuse_missing("train", "train on")
        self.train_count = self._builder.info.splits["train"].num_examples

    def train(self, room: int | None = None) -> Examples | Streamed:
        return self._split("train", room)

    def test(self) -> Examples | Streamed:
        """The split called test, or validation where there is no labelled test split (ImageNet)."""
        return self._split(self._test_name())

    def refuse_without_test(self) -> None:
        self._refuse_missing(self._test_name(), "test on")

    def _refuse_missing(self, split: str, purpose: str) -> None:
        described = self._builder.data_path / "dataset_info.json"
        if not described.exists():
            raise InputError(f"{described}: no such file; {ANEW}")
        if split not in self._builder.info.splits:
            raise InputError(
                f"dataset {self._builder.name!r} has no {split} split to {purpose}{_way_out(self._builder)}"
            )
        _refuse_incomplete(self._builder, split)

    def _test_name(self) -> str:
        return "validation" if self._builder.name.startswith("imagenet") else "test"

    def _split(self, name: str, room: int | None = None) -> Examples | Streamed:
        count = self._builder.info.splits[name].num_examples
        streamed = TfdsStreamed(
            self._builder, name, ((0, count),), self.channels, self.image_size, self._centre_crop
        )
        return in_memory_if_it_fits(streamed, room)


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
        return self._decoded(shuffle_seed, lambda number, encoded: feature.decode_example(encoded))

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
        """Validation comes from a hundred stretches of the split, drawn from the seed.

        Records lie in an order shuffled at preparation, so that stretches are as good a sample as single
        images and can be read without going through all of them.
        """
        stretches = min(100, held_out, wanted - held_out)
        edges = [round(edge * wanted / stretches) for edge in range(stretches + 1)]
        takes = [
            round((part + 1) * held_out / stretches) - round(part * held_out / stretches)
            for part in range(stretches)
        ]
        rng = np.random.default_rng(seed)
        train, validation = [], []
        for start, stop, take in zip(edges[:-1], edges[1:], takes, strict=True):
            first = start + int(rng.integers(0, stop - start - take + 1))
            validation.append((first, first + take))
            train += [(start, first), (first + take, stop)]
        return self._of(train), self._of(validation)

    def cut(self, wanted: int, seed: int) -> TfdsStreamed:
        return self._of([(0, wanted)])

    def _of(self, ranges: Iterable[tuple[int, int]]) -> TfdsStreamed:
        filled = tuple((start, stop) for start, stop in ranges if stop > start)
        return replace(self, ranges=filled)


def _builder(name: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds

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

"""Images a second of the input pipeline alone, by number of cores, against plain reading by tf.io.

    python -m benchmarks.inputs

The JPEGs are made here, 500 x 375 as ImageNet's are on average; a pass of each pipeline reads and prepares
them all. Every number of cores has a process of its own, held to them, in which the pipelines take turns.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from eatnas_tf.reporting import tables
from eatnas_tf.stages.devices import cores

SIZE, BATCH = 224, 64
Pass = Callable[[], Iterator[int]]  # the sizes of a pass's batches, one by one
PLAIN = "tf.io: read and decode"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=1024, help="JPEGs of a pass.")
    parser.add_argument("--rounds", type=int, default=3, help="Passes of each pipeline.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), given.images)
        by_cores = {}
        for count in range(1, cores() + 1):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                by_cores[count] = process.submit(measured, Path(folder), count, given.rounds).result()
    title = f"{given.images} JPEGs of 500 x 375 to {SIZE} x {SIZE}, median of {given.rounds} rounds"
    columns = ("pipeline", *(f"images/s, cores: {count}" for count in by_cores), "x tf.io")
    tables.show(title, columns, rows(by_cores), left=("pipeline",))


def rows(by_cores: Mapping[int, Mapping[str, float]]) -> list[tuple[str, ...]]:
    """A row a pipeline: its rates, and with all cores how many times as fast as plain reading."""
    most = by_cores[max(by_cores)]
    return [
        (name, *(f"{rates[name]:.0f}" for rates in by_cores.values()), f"{most[name] / most[PLAIN]:.2f}")
        for name in most
    ]


def make(folder: Path, count: int) -> None:
    """JPEGs of two classes, smooth with some noise, as photographs are."""
    for number in range(count):
        rng = np.random.default_rng(number)
        coarse = Image.fromarray(rng.integers(0, 256, (15, 20, 3), np.uint8)).resize((500, 375))
        pixels = np.asarray(coarse).astype(np.int16) + rng.integers(-8, 9, (375, 500, 3))
        path = folder / "train" / "ab"[number % 2] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90)


def measured(folder: Path, count: int, rounds: int) -> dict[str, float]:
    """Images a second of every pipeline on so many cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    from eatnas_tf.training.strategy import configure

    configure(threads=count)
    pipelines = _pipelines(folder)
    rates: dict[str, list[float]] = {name: [] for name in pipelines}
    for _ in range(rounds):
        for name, one_pass in pipelines.items():
            rates[name].append(_rate(one_pass()))
    return {name: statistics.median(found) for name, found in rates.items()}


def _rate(batches: Iterator[int]) -> float:
    """Images a second behind the first batch: what an epoch takes to begin, long ones do not feel."""
    next(batches)
    start = perf_counter()
    return sum(batches) / (perf_counter() - start)


def _pipelines(folder: Path) -> dict[str, Pass]:
    from eatnas_tf.configs import TrainingConfig
    from eatnas_tf.training.feed import StreamFeed
    from eatnas_tf.training.folder_source import FolderStreamed

    paths = sorted(str(path) for path in folder.rglob("*.jpg"))
    files = FolderStreamed(tuple((path, number % 2) for number, path in enumerate(paths)), 3, SIZE)
    stored = _stored(folder)
    found: dict[str, Pass] = {PLAIN: _plain(paths)}
    for kind, streamed in (("folder", files), ("tfds", stored)):
        for what, augmentation in (("whole, resized", "none"), ("patch, resized", "area_crop")):
            recipe = TrainingConfig(augmentation=augmentation)
            found[f"{kind}: {what}"] = _pass(StreamFeed(streamed, BATCH, recipe))
    return found


def _plain(paths: list[str]) -> Pass:
    import tensorflow as tf

    files = tf.data.Dataset.from_tensor_slices(paths)
    decoded = files.map(
        lambda path: tf.io.decode_jpeg(tf.io.read_file(path), channels=3),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return lambda: (len(batch) for batch in decoded.batch(BATCH).prefetch(2))


def _pass(feed: Any) -> Pass:
    def one_pass() -> Iterator[int]:
        state = feed.begin(np.random.default_rng(0))
        return (len(feed.batch(state, number)[1]) for number in range(feed.steps))

    return one_pass


def _stored(folder: Path) -> Any:
    """The same JPEGs as tensorflow-datasets keeps them."""
    import tensorflow_datasets as tfds

    from eatnas_tf.training.tfds_source import TfdsStreamed

    class KeptJpegs(tfds.core.GeneratorBasedBuilder):
        """The files of a folder as they are."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            image = tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg")
            label = tfds.features.ClassLabel(names=["a", "b"])
            features = tfds.features.FeaturesDict({"image": image, "label": label})
            return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=("image", "label"))

        def _split_generators(self, dl_manager: Any) -> Any:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            for path in sorted(folder.rglob("*.jpg")):
                yield path.name, {"image": str(path), "label": path.parent.name}

    builder = KeptJpegs(data_dir=str(folder / "tfds"))
    builder.download_and_prepare()
    count = builder.info.splits["train"].num_examples
    return TfdsStreamed(builder, "train", ((0, count),), 3, SIZE)


if __name__ == "__main__":
    main()

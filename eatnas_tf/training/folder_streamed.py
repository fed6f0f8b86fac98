"""Image files with their labels, decoded as they are needed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eatnas_tf.errors import InputError
from eatnas_tf.training import images
from eatnas_tf.training.encoding import Encoding
from eatnas_tf.training.examples import UNREADABLE, Streamed, digest

if TYPE_CHECKING:
    import tensorflow as tf

File = tuple[str, int]


@dataclass(frozen=True)
class FolderStreamed(Streamed):
    """Image files with their labels, decoded as they are needed."""

    files: tuple[File, ...]
    channels: int
    image_size: int
    centre_crop: float | None = None
    encoding: Encoding | None = None

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
        return digest((self.files, self.encoding))

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
                return images.read(Path(os.fsdecode(path)), self.channels, self.encoding), label
            except InputError:
                return np.zeros((1, 1, self.channels), np.uint8), np.full_like(label, UNREADABLE)

        pixels, label = tf.numpy_function(read, [path, label], (tf.uint8, tf.int64), stateful=False)
        label = tf.ensure_shape(label, ())
        return tf.ensure_shape(pixels, (None, None, self.channels)), label

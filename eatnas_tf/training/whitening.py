"""The first thing that is done to a network's images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from eatnas_tf.training.examples import Examples, Streamed


@dataclass(frozen=True)
class Whitening:
    """Channel means and standard deviations of the training images, float32 (channels,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, examples: Examples | Streamed) -> Whitening:
        return cls(*examples.statistics())

    def __call__(self, images: Any) -> Any:
        return (tf.cast(images, tf.float32) - self.mean) / self.deviation

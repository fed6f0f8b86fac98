"""What every engine is asked to do: the same codes, the same images, the same recipe."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from eatnas_tf.configs import DataConfig
from eatnas_tf.layers import Frame, Network, count, expand
from eatnas_tf.layers.expand import default_strides
from eatnas_tf.space import Architecture, SearchSpace
from eatnas_tf.training.data import open_source
from eatnas_tf.training.examples import Examples, Streamed

FRAME = Frame(
    image_size=28,
    channels=1,
    num_classes=10,
    stem_filters=8,
    stem_stride=1,
    strides=default_strides(28),
    head_filters=320,
)
PARAMS = (100_000, 430_000)
BATCH = 128
LEARNING_RATE = 0.0256
MOMENTUM = 0.9
WEIGHT_DECAY = 3e-4  # of kernels only, added to the gradient: the gradient of 1.5e-4 * sum(kernel ** 2)
EVALUATION_IMAGES = 1000
EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Task:
    """One epoch on `images` images and an evaluation on 1,000 others, for each of `candidates` codes."""

    images: int
    candidates: int
    seed: int = 0

    def codes(self) -> list[Architecture]:
        """The codes to evaluate, drawn from the seed; more candidates only add to them."""
        return _drawn(self.seed, self.candidates)

    def warm_up_code(self) -> Architecture:
        """A code of its own for engines that warm up: the first of another seed."""
        return _drawn(self.seed + 1, 1)[0]

    def examples(self) -> tuple[Examples, Examples]:
        """Training and evaluation images of the embedded dataset, uint8; they repeat where it has too few."""
        source = open_source(DataConfig(), None)
        return _resized(source.train(), self.images), _resized(source.test(), EVALUATION_IMAGES)

    def arrays(self) -> tuple[Whitened, Whitened]:
        """The same images as an engine trains on them: float32, whitened by the training images."""
        train, evaluation = self.examples()
        mean, deviation = train.statistics()
        return _whitened(train, mean, deviation), _whitened(evaluation, mean, deviation)


@dataclass(frozen=True)
class Whitened:
    """Images float32 (count, 28, 28, 1), labels int32 (count,)."""

    images: np.ndarray
    labels: np.ndarray


def network_of(code: Architecture) -> Network:
    return expand(code, FRAME)


def work(code: Architecture, images: int) -> float:
    """Floating-point operations of one evaluation: 6 a mult-add in training, 2 in evaluation."""
    return count(network_of(code)).mult_adds * (6.0 * images + 2.0 * EVALUATION_IMAGES)


def _drawn(seed: int, size: int) -> list[Architecture]:
    space, rng = SearchSpace(), Random(f"{seed}/benchmark")
    codes: dict[Architecture, None] = {}
    while len(codes) < size:
        code = space.sample(rng)
        if PARAMS[0] <= count(network_of(code)).params <= PARAMS[1]:
            codes[code] = None
    return list(codes)


def _resized(examples: Examples | Streamed, size: int) -> Examples:
    assert isinstance(examples, Examples)  # as the embedded dataset always is
    return examples.take(np.resize(np.arange(len(examples)), size))


def _whitened(examples: Examples, mean: np.ndarray, deviation: np.ndarray) -> Whitened:
    return Whitened((examples.images - mean) / deviation, examples.labels)

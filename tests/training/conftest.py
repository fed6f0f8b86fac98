"""A tensorflow-datasets dataset made offline, of images that differ in size. TensorFlow is set up first."""

import keras
import numpy as np
import pytest
import tensorflow_datasets as tfds

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.training.evaluation import evaluation
from eatnas_tf.training.trainer import Trainer
from eatnas_tf.training.whitening import Whitening

TRAIN, TEST = 230, 30


@pytest.fixture(scope="session", autouse=True)
def _devices(strategy):
    return strategy


def trained(strategy, examples, model, whitening):
    Trainer(strategy, examples, TrainingConfig(augmentation="none"), whitening).train(model, 0)


READERS = {
    "statistics": lambda strategy, examples, model, whitening: examples.statistics(),
    "memory": lambda strategy, examples, model, whitening: examples.read(),
    "training": trained,
    "evaluation": lambda strategy, examples, model, whitening: evaluation(
        strategy, model, examples, whitening
    )(),
}


@pytest.fixture(params=READERS)
def reader(request, strategy):
    """Everything that reads streamed images of three channels."""

    def read(examples):
        with strategy.scope():
            images = keras.Input((examples.image_size, examples.image_size, 3))
            logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(images))
            model = keras.Model(images, logits)
        whitening = Whitening(np.zeros(3, np.float32), np.ones(3, np.float32))
        READERS[request.param](strategy, examples, model, whitening)

    return read


def picture(part, number):
    """Noise of 8 to 12 pixels a side, bright at the left for class 0 and at the right for class 1."""
    rng = np.random.default_rng([number, part == "test"])
    image = rng.integers(0, 120, (*rng.integers(8, 13, 2), 3), dtype=np.uint8)
    half = image.shape[1] // 2
    (image[:, half:] if number % 2 else image[:, :half])[...] += 120
    return image


class ShapesOfAllSizes(tfds.core.GeneratorBasedBuilder):
    """Two classes of noise."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The only one."}  # noqa: RUF012

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Noise.",
            supervised_keys=("image", "label"),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
                    "label": tfds.features.ClassLabel(names=["left", "right"]),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples("train", TRAIN),
            "test": self._generate_examples("test", TEST),
        }

    def _generate_examples(self, part, count):
        for number in range(count):
            yield number, {"image": picture(part, number), "label": number % 2}


class NoPictures(tfds.core.GeneratorBasedBuilder):
    """Numbers without a picture."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({"label": tfds.features.ClassLabel(num_classes=2)}),
        )

    def _split_generators(self, dl_manager):
        return {}

    def _generate_examples(self):
        yield from ()


@pytest.fixture(scope="session")
def shapes_dir(tmp_path_factory):
    """Where `shapes_of_all_sizes` is prepared on first use."""
    return str(tmp_path_factory.mktemp("tfds"))


@pytest.fixture(scope="session")
def shapes():
    """The dataset's pictures by part."""
    return {
        part: [picture(part, number) for number in range(count)]
        for part, count in (("train", TRAIN), ("test", TEST))
    }

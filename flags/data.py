"""The dataset and how much of it is used."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import DataConfig

DATASET = absl_flags.DEFINE_string(
    "dataset",
    "fashion_mnist_mini",
    "fashion_mnist_mini (embedded, 5,000 and 1,500 images), npz:PATH with uint8 NHWC x_train y_train x_test "
    "y_test, folder:PATH with a folder of images a class (in train/, val/ and test/, or parted here), or the "
    "name of an image classification dataset of tensorflow-datasets.",
)
DATA_DIR = absl_flags.DEFINE_string(
    "data_dir", None, "Where tensorflow-datasets keeps its datasets; its own default without one."
)
TRAIN_EXAMPLES = absl_flags.DEFINE_integer(
    "train_examples",
    None,
    "Training images used, validation included; all by default. Drawn from the seed, but the first ones of a "
    "dataset that is streamed.",
    lower_bound=2,
)
VALIDATION = absl_flags.DEFINE_float(
    "validation",
    0.2,
    "Training images held out to select on: a fraction below 1, or their number. At its default, a dataset's "
    "own validation split is used instead if there is one.",
    lower_bound=0.0,
)
CENTRE_CROP = absl_flags.DEFINE_float(
    "centre_crop",
    None,
    "The part of its shorter side of which a square is taken from an image's centre, as 0.875 on ImageNet; "
    "without, the whole image is squeezed into a square. A training that cuts patches out of streamed images "
    "takes those instead.",
    lower_bound=0.1,
    upper_bound=1.0,
)


def config() -> DataConfig:
    return DataConfig(
        DATASET.value, DATA_DIR.value, TRAIN_EXAMPLES.value, VALIDATION.value, CENTRE_CROP.value
    )

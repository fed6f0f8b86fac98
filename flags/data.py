"""The dataset and how much of it is used."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import DataConfig

INHERITED = "After --from, by default that of the stage there."

DATASET = absl_flags.DEFINE_string(
    "dataset",
    None,
    "fashion_mnist_mini (embedded, 5,000 and 1,500 images; the default of a first stage), npz:PATH with "
    "uint8 NHWC x_train y_train x_test y_test, folder:PATH with a folder of images a class (in train/, val/ "
    "and test/, or split here), or the name of an image classification dataset of tensorflow-datasets. "
    f"{INHERITED}",
)
DATA_DIR = absl_flags.DEFINE_string(
    "data_dir",
    None,
    f"Where tensorflow-datasets keeps its datasets; its own default without one. {INHERITED}",
)
TRAIN_EXAMPLES = absl_flags.DEFINE_integer(
    "train_examples",
    None,
    "Training images used, validation included; all by default, or 0 for all. Drawn from the seed, but the "
    f"first ones of a dataset that is streamed. {INHERITED}",
    lower_bound=0,
)
VALIDATION = absl_flags.DEFINE_float(
    "validation",
    None,
    "Training images held out to select on: a fraction below 1, or their number; by default a dataset's own "
    f"validation split, or else 0.2. {INHERITED}",
    lower_bound=0.0,
)
CENTRE_CROP = absl_flags.DEFINE_float(
    "centre_crop",
    None,
    "The part of its shorter side of which a square is taken from an image's centre, as 0.875 on ImageNet; "
    "by default, or with 0, the whole image is squeezed into a square. A training that cuts patches out of "
    f"streamed images takes those instead. {INHERITED}",
    lower_bound=0.0,
    upper_bound=1.0,
)


def config() -> DataConfig:
    return DataConfig(
        DATASET.value, DATA_DIR.value, TRAIN_EXAMPLES.value, VALIDATION.value, CENTRE_CROP.value
    )

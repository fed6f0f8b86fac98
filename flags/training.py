"""How one network is trained."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import AUGMENTATIONS, SCHEDULES, TrainingConfig
from eatnas_tf.errors import InputError

EPOCHS = absl_flags.DEFINE_integer(
    "epochs", 1, "Passes over the training images.", lower_bound=1, upper_bound=10**6
)
BATCH_SIZE = absl_flags.DEFINE_integer(
    "batch_size", 128, "Images a step, over all devices.", lower_bound=1, upper_bound=2**20
)
LEARNING_RATE = absl_flags.DEFINE_float(
    "learning_rate", 0.0256, "Learning rate at the first step.", lower_bound=0.0
)
SCHEDULE = absl_flags.DEFINE_enum(
    "schedule",
    "constant",
    SCHEDULES,
    "How the learning rate falls to "
    "--final_learning_rate: not at all, by a cosine, by cosines of 10, 20, 40 … epochs, or linearly.",
)
FINAL_LEARNING_RATE = absl_flags.DEFINE_float(
    "final_learning_rate", 0.0, "Where a falling rate ends.", lower_bound=0.0
)
MOMENTUM = absl_flags.DEFINE_float("momentum", 0.9, "Momentum of SGD.", lower_bound=0.0, upper_bound=0.999999)
WEIGHT_DECAY = absl_flags.DEFINE_float(
    "weight_decay",
    3e-4,
    "Classic L2 on convolution and dense kernels: lambda * w joins the gradient.",
    lower_bound=0.0,
)
AUGMENTATION = absl_flags.DEFINE_enum(
    "augmentation",
    "crop_flip",
    AUGMENTATIONS,
    "Of training images: none; mirrored; padded by an eighth, cropped, mirrored (CIFAR-10's); a random patch "
    "of 20 to 100% of the area, mirrored (ImageNet's).",
)
DROPOUT = absl_flags.DEFINE_float(
    "dropout", 0.0, "Rate of dropout before the dense layer.", lower_bound=0.0, upper_bound=0.99
)
LABEL_SMOOTHING = absl_flags.DEFINE_float(
    "label_smoothing",
    0.0,
    "Share of the target that is spread over all classes.",
    lower_bound=0.0,
    upper_bound=0.99,
)
AUXILIARY_WEIGHT = absl_flags.DEFINE_float(
    "auxiliary_weight", 0.0, "Weight of the auxiliary tower's loss; 0 leaves the tower out.", lower_bound=0.0
)


def config() -> TrainingConfig:
    if not LEARNING_RATE.value > 0:
        raise InputError(f"--learning_rate: {LEARNING_RATE.value:g} is not above 0")
    return TrainingConfig(
        EPOCHS.value,
        BATCH_SIZE.value,
        LEARNING_RATE.value,
        SCHEDULE.value,
        FINAL_LEARNING_RATE.value,
        MOMENTUM.value,
        WEIGHT_DECAY.value,
        AUGMENTATION.value,
        DROPOUT.value,
        LABEL_SMOOTHING.value,
        AUXILIARY_WEIGHT.value,
    )

"""How one network is trained."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import AUGMENTATIONS, PRECISIONS, SCHEDULES, TrainingConfig

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
    "of 20 to 100% of the area, mirrored (ImageNet's search); scaled to 256 to 480 for a crop of 224, "
    "stretched by up to a quarter, cropped, mirrored (ImageNet's retraining).",
)
CUTOUT = absl_flags.DEFINE_integer(
    "cutout",
    0,
    "Side in pixels of a square that is blanked in a training image; 0 for none.",
    lower_bound=0,
)
FIXED_SCALE_EPOCHS = absl_flags.DEFINE_integer(
    "fixed_scale_epochs", 0, "Last epochs in which scale_crop scales to 256 only.", lower_bound=0
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
SYNC_BATCH_NORM = absl_flags.DEFINE_bool(
    "sync_batch_norm",
    False,
    "With --distribution=mirrored, normalise by the batch of all devices instead of each one's own.",
)
PRECISION = absl_flags.DEFINE_enum(
    "precision",
    "float32",
    PRECISIONS,
    "What activations and gradients are computed in; weights stay float32. With mixed_float16 the loss is "
    "scaled by what the gradients bear. A mixed one is for GPUs, and for CPUs that have its instructions.",
)


def config() -> TrainingConfig:
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
        CUTOUT.value,
        FIXED_SCALE_EPOCHS.value,
        SYNC_BATCH_NORM.value,
        PRECISION.value,
    )

"""A retraining: of the top k of a finished search, or of one code."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import SELECTIONS, STARTS, RetrainConfig
from eatnas_tf.flags import data, frame, runtime, selection, source, training

SELECT_ON = absl_flags.DEFINE_enum(
    "select_on",
    "validation",
    SELECTIONS,
    "What the best of the retrained is chosen by: a held-out part of the training images, after which the "
    "winner is trained on all of them; or, as in the paper, the test split.",
)
REPEATS = absl_flags.DEFINE_integer(
    "repeats",
    1,
    "Trainings of the chosen network, of which the test gives mean and deviation.",
    lower_bound=1,
)
INIT = absl_flags.DEFINE_enum(
    "init",
    "fresh",
    STARTS,
    "Weights that a training starts from: fresh ones, as in the paper, or those of the search in --from.",
)
MODULES = (source, selection, frame, data, training, runtime)


def config() -> RetrainConfig:
    folder, code = source.config()
    return RetrainConfig(
        folder,
        code,
        selection.TOP_K.value,
        SELECT_ON.value,
        REPEATS.value,
        INIT.value,
        frame.config(),
        data.config(),
        training.config(),
        runtime.SEED.value,
    )

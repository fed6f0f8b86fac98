"""A transfer: a search whose first population comes from a basic architecture."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import SEED_WEIGHTS, TransferConfig
from eatnas_tf.flags import search, source

INHERIT_SEED = absl_flags.DEFINE_enum(
    "inherit_seed",
    "retrained",
    SEED_WEIGHTS,
    "Weights that the first population inherits: the retrained basic architecture's, or none.",
)
MODULES = (source, *search.MODULES)


def config() -> TransferConfig:
    folder, code = source.config()
    found = search.config()
    return TransferConfig(
        found.frame,
        found.space,
        found.data,
        found.training,
        found.evolution,
        found.top_k,
        found.seed,
        found.workers,
        found.engine,
        found.max_hours,
        found.pictures_every,
        folder,
        code,
        INHERIT_SEED.value,
    )

"""A whole search: space, frame, data, training and evolution together."""

from __future__ import annotations

from eatnas_tf.configs import SearchConfig
from eatnas_tf.flags import candidates, data, evolution, frame, runtime, selection, space, training

MODULES = (space, evolution, candidates, selection, frame, data, training, runtime)


def config() -> SearchConfig:
    return SearchConfig(
        frame.config(),
        space.config(),
        data.config(),
        training.config(),
        evolution.config(),
        selection.TOP_K.value,
        runtime.SEED.value,
        *candidates.config(),
    )

"""What evaluates a search's candidates and for how long, and how often it is drawn."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import ENGINES

WORKERS = absl_flags.DEFINE_integer(
    "workers",
    None,
    "Processes that evaluate candidates, each with its share of the cores or a GPU of its own; by default "
    "one a core, or one a GPU. May change on an old workdir; only with 1 a search repeats exactly.",
    lower_bound=1,
    upper_bound=64,
)
ENGINE = absl_flags.DEFINE_enum(
    "engine",
    None,
    ENGINES,
    "What trains a candidate: one graph for all of them, or a Keras model of each. By default the shared "
    "graph on a CPU; what it has no unit for, it leaves to Keras.",
)
MAX_HOURS = absl_flags.DEFINE_float(
    "max_hours",
    None,
    "Hours after which a search ends with the best so far, those of earlier runs on the workdir counted; may "
    "change there. By default only --cycles and --patience end it.",
    lower_bound=0.0,
)
PICTURES_EVERY = absl_flags.DEFINE_integer(
    "pictures_every",
    100,
    "Evaluations after which TensorBoard gets new pictures of the search, each time and at the end; 0: only "
    "at the end. May change on an old workdir.",
    lower_bound=0,
    upper_bound=10**6,
)


def config() -> tuple[int | None, str | None, float | None, int]:
    """Workers, engine, hours, and evaluations between pictures."""
    return WORKERS.value, ENGINE.value, MAX_HOURS.value, PICTURES_EVERY.value

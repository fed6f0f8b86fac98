"""Evolution: population, tournaments, score, quality and when to stop."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import EXPONENTS, INHERITANCE, EvolutionConfig

POPULATION = absl_flags.DEFINE_integer(
    "population", 64, "Architectures kept alive.", lower_bound=2, upper_bound=10**6
)
SAMPLE = absl_flags.DEFINE_integer("sample", 16, "Architectures drawn for a tournament.", lower_bound=2)
CYCLES = absl_flags.DEFINE_integer(
    "cycles", 1400, "Children evaluated at the most; may be raised on an old workdir.", lower_bound=0
)
PATIENCE = absl_flags.DEFINE_integer(
    "patience",
    100,
    "Cycles without a better population quality after which a search has converged; may be raised "
    "on an old workdir.",
    lower_bound=1,
)
MIN_DELTA = absl_flags.DEFINE_float(
    "min_delta", 1e-4, "The least gain of quality that counts.", lower_bound=0.0
)
OBJECTIVE = absl_flags.DEFINE_string(
    "objective", "params", "Size in the score: params, mult_adds or a plugin's."
)
TARGET = absl_flags.DEFINE_float(
    "target", 3e6, "Target size in the objective's raw unit.", lower_bound=1e-9, upper_bound=1e18
)
OMEGA = absl_flags.DEFINE_float("omega", -0.07, "Exponent of size / target in the score.", *EXPONENTS)
TARGET_STD = absl_flags.DEFINE_float(
    "target_std", 0.02, "Target standard deviation of the scores in the population quality.", lower_bound=1e-9
)
ALPHA = absl_flags.DEFINE_float(
    "alpha", -0.07, "Exponent in the quality while the deviation is below its target.", *EXPONENTS
)
BETA = absl_flags.DEFINE_float(
    "beta", -0.07, "Exponent in the quality from the target deviation on.", *EXPONENTS
)
MUTATIONS = absl_flags.DEFINE_list(
    "mutations",
    "",
    "Mutations to draw from, by name; by default one for every primitive with more than one choice.",
)
PERTURBATION = absl_flags.DEFINE_string(
    "perturbation",
    "every_block",
    "How a child is made: every_block (Algorithm 4), one_block, random (from nothing of its parent) or a "
    "plugin's.",
)
INHERIT = absl_flags.DEFINE_enum(
    "inherit",
    "equal",
    INHERITANCE,
    "Layers that take their parent's weights: those of equal "
    "operation and kernel (Algorithm 3); also across expansion ratios and from larger kernels; or none.",
)
SEED_ARCHITECTURES = absl_flags.DEFINE_list(
    "seed_architectures",
    "",
    "Codes of your own that are the first members of the first population, with commas between.",
)
STRATEGY = absl_flags.DEFINE_string(
    "strategy",
    "evolution",
    "What is evaluated next: evolution (Algorithm 1), local_search (the neighbours of the best), random or a "
    "plugin's strategy; NAME:ARGUMENT passes an argument to it.",
)


def config() -> EvolutionConfig:
    return EvolutionConfig(
        POPULATION.value,
        SAMPLE.value,
        CYCLES.value,
        PATIENCE.value,
        MIN_DELTA.value,
        OBJECTIVE.value,
        TARGET.value,
        OMEGA.value,
        TARGET_STD.value,
        ALPHA.value,
        BETA.value,
        tuple(MUTATIONS.value),
        PERTURBATION.value,
        INHERIT.value,
        tuple(SEED_ARCHITECTURES.value),
        STRATEGY.value,
    )

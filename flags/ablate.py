"""An ablation: a preset for each of its stages, and the two datasets."""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags as absl_flags

from eatnas_tf.configs import AblationConfig
from eatnas_tf.errors import InputError
from eatnas_tf.flags import lists, presets, retrain, search, transfer

SOURCE_PRESET = absl_flags.DEFINE_string(
    "source_preset", "ablation_search", "Preset of the search on the source dataset."
)
SOURCE_RETRAIN_PRESET = absl_flags.DEFINE_string(
    "source_retrain_preset",
    "ablation_search_retrain",
    "Preset of the retraining of the seeds on the source dataset.",
)
TARGET_PRESET = absl_flags.DEFINE_string(
    "target_preset", "ablation_transfer", "Preset of every search on the target dataset."
)
TARGET_RETRAIN_PRESET = absl_flags.DEFINE_string(
    "target_retrain_preset",
    "ablation_transfer_retrain",
    "Preset of the training of every result on the target dataset.",
)
SOURCE_DATASET = absl_flags.DEFINE_string(
    "source_dataset", None, "The dataset that is transferred from; by default that of its presets."
)
TARGET_DATASET = absl_flags.DEFINE_string(
    "target_dataset",
    None,
    "The dataset that is transferred to; by default that of its presets, or else the source's.",
)
SEEDS = absl_flags.DEFINE_list(
    "seeds",
    "0,1,2",
    "Everything is done once a seed. Runs with different seeds may share a workdir, one after another or "
    "at once; a last one with all of them shows them together.",
)
WORSE_RANK = absl_flags.DEFINE_integer(
    "worse_rank",
    None,
    "Rank of the worse seed in the source search's best population; by default the last one.",
    lower_bound=2,
)
OWN_WAY = ("preset", "from", "architecture", "seed", "top_k", "patience", "max_hours", "inherit_seed")


def config(arguments: Sequence[str]) -> AblationConfig:
    """Flags among `arguments` that are a stage's win over every preset that has them."""
    for name in OWN_WAY:
        if absl_flags.FLAGS[name].present:
            raise InputError(f"--{name} is for a single stage; an ablation sets it for each of its stages")
    source, target = [*arguments, *_dataset(SOURCE_DATASET)], [*arguments, *_dataset(TARGET_DATASET)]
    return AblationConfig(
        presets.configured(SOURCE_PRESET.value, source, search.config),
        presets.configured(SOURCE_RETRAIN_PRESET.value, source, retrain.config),
        presets.configured(TARGET_PRESET.value, target, transfer.config),
        presets.configured(TARGET_RETRAIN_PRESET.value, target, retrain.config),
        lists.items("seeds", SEEDS.value, lists.natural),
        WORSE_RANK.value,
    )


def _dataset(flag: absl_flags.FlagHolder) -> list[str]:
    return [] if flag.value is None else [f"--dataset={flag.value}"]

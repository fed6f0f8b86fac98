"""The pipeline: a preset for each of its stages."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import PipelineConfig
from eatnas_tf.errors import InputError
from eatnas_tf.flags import presets, retrain, search, transfer

SEARCH_PRESET = absl_flags.DEFINE_string("search_preset", "quickstart_search", "Preset of the search.")
SEARCH_RETRAIN_PRESET = absl_flags.DEFINE_string(
    "search_retrain_preset", "quickstart_search_retrain", "Preset of the retraining after the search."
)
TRANSFER_PRESET = absl_flags.DEFINE_multi_string(
    "transfer_preset", ["quickstart_transfer"], "Preset of the transfer; repeat it for a chain of datasets."
)
TRANSFER_RETRAIN_PRESET = absl_flags.DEFINE_multi_string(
    "transfer_retrain_preset",
    ["quickstart_transfer_retrain"],
    "Preset of the retraining after each transfer.",
)
OWN = ("search_preset", "search_retrain_preset", "transfer_preset", "transfer_retrain_preset", "workdir")


def config(arguments: list[str]) -> PipelineConfig:
    """The stages' configs. Flags among `arguments` that are not the pipeline's own win over every preset."""
    for name in ("preset", "from", "architecture"):
        if absl_flags.FLAGS[name].present:
            raise InputError(
                f"--{name} is for a single stage; a pipeline takes a preset for each of its stages"
            )
    transfers, retrains = TRANSFER_PRESET.value, TRANSFER_RETRAIN_PRESET.value
    if len(transfers) != len(retrains):
        raise InputError(
            f"{len(transfers)} --transfer_preset and {len(retrains)} --transfer_retrain_preset; "
            "expected as many of one as of the other"
        )
    # Only the pipeline knows the folder that a stage starts from; a placeholder passes the check.
    later = ["--from=.", *arguments]
    return PipelineConfig(
        presets.configured(SEARCH_PRESET.value, arguments, search.config),
        presets.configured(SEARCH_RETRAIN_PRESET.value, later, retrain.config),
        tuple(
            (
                presets.configured(first, later, transfer.config),
                presets.configured(second, later, retrain.config),
            )
            for first, second in zip(transfers, retrains, strict=True)
        ),
    )

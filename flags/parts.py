"""Which registered parts a check is about."""

from __future__ import annotations

from absl import flags as absl_flags

PARTS = absl_flags.DEFINE_list(
    "parts",
    "",
    "Names of the parts to check; by default those of the files in --plugins, or every registered part where "
    "no file is given.",
)

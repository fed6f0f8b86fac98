"""How much is said on the terminal."""

from __future__ import annotations

from absl import flags as absl_flags

QUIET = absl_flags.DEFINE_bool(
    "quiet",
    False,
    "Say nothing but warnings, errors and, at the end, the result: no progress, no tables of stages on the "
    "way, no hints at what else there is.",
)

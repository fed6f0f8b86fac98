"""Which of a finished search's architectures are taken on."""

from __future__ import annotations

from absl import flags as absl_flags

TOP_K = absl_flags.DEFINE_integer(
    "top_k", 8, "Architectures of the best population that count.", lower_bound=1
)

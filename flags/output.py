"""What a result is printed as."""

from __future__ import annotations

from absl import flags as absl_flags

FORMAT = absl_flags.DEFINE_enum("format", "table", ("table", "json"), "A table, or one JSON object.")

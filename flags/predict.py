"""The model that classifies images, and how much of its opinion is shown."""

from __future__ import annotations

from absl import flags as absl_flags

MODEL = absl_flags.DEFINE_string("model", None, "The model.keras of a finished retraining.")
TOP = absl_flags.DEFINE_integer("top", 3, "Classes shown an image, the likeliest first.", lower_bound=1)

"""What a result is printed as."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.errors import InputError

FORMAT = absl_flags.DEFINE_enum(
    "format",
    "table",
    ("table", "json", "csv"),
    "A table for a person, or JSON; predict also gives CSV, a line for every class shown of an image.",
)


def as_json() -> bool:
    """Whether JSON is wanted, where there is no CSV. Raises InputError."""
    if FORMAT.value == "csv":
        raise InputError("--format=csv is for predict; use --format=json or --format=table")
    return FORMAT.value == "json"

"""What a later stage starts from: the work folder of an earlier one, or a code."""

from __future__ import annotations

from absl import flags as absl_flags

FROM = absl_flags.DEFINE_string("from", None, "Work folder of a finished earlier stage.")
ARCHITECTURE = absl_flags.DEFINE_string("architecture", None, "An architecture's code, in text or JSON form.")


def config() -> tuple[str | None, str | None]:
    """(folder, code), of which a stage expects one."""
    return FROM.value, ARCHITECTURE.value

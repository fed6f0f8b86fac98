"""What a report is about, and where it is written."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.errors import InputError
from eatnas_tf.flags import runtime

OUTPUT = absl_flags.DEFINE_string(
    "output",
    None,
    "The file to write; by default report.html in the folder that is reported, or comparison.html in the "
    "first of several.",
)


def config() -> tuple[list[str], str | None]:
    """(folders, file). Raises InputError without a folder, or for one that is given twice."""
    if absl_flags.FLAGS["workdir"].present > 1:
        raise InputError("--workdir is given more than once; part several folders by commas: --workdir=a,b")
    found = [part for part in (runtime.WORKDIR.value or "").split(",") if part]
    if not found:
        raise InputError("--workdir is missing; give the folder of a stage or a pipeline, or several: a,b")
    twice = [folder for folder in found if found.count(folder) > 1]
    if twice:
        raise InputError(f"--workdir: {twice[0]} is given twice; give different folders")
    return found, OUTPUT.value

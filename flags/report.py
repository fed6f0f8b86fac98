"""What a report is about, and where it is written."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf import paths
from eatnas_tf.errors import InputError
from eatnas_tf.flags import runtime

OUTPUT = absl_flags.DEFINE_string(
    "output",
    None,
    "Where to write: the file of a report or prediction, or a new plugin's folder. The text above says where "
    "that is by default.",
)


def config() -> tuple[list[str], str | None]:
    """(folders, file). Raises InputError without a folder, or for one that is given twice."""
    found = paths.several("--workdir", runtime.WORKDIR.value or [])
    if not found:
        raise InputError("--workdir is missing; give the folder of a stage or a pipeline, or several: a,b")
    twice = [folder for folder in found if found.count(folder) > 1]
    if twice:
        raise InputError(f"--workdir: {twice[0]} is given twice; give different folders")
    return found, None if OUTPUT.value is None else paths.local("--output", OUTPUT.value)

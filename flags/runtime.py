"""Where a stage runs, on what, and the seed it starts from."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf import paths, registry
from eatnas_tf.configs import DISTRIBUTIONS, RuntimeConfig
from eatnas_tf.errors import InputError

WORKDIR = absl_flags.DEFINE_multi_string(
    "workdir",
    None,
    "Folder of everything a stage writes; the same command on it goes on where it stopped. For a report: the "
    "folder to read; repeat the flag, or separate folders by commas, to compare several.",
)
SEED = absl_flags.DEFINE_integer(
    "seed", 0, "The seed of every random draw.", lower_bound=0, upper_bound=2**31 - 1
)
DISTRIBUTION = absl_flags.DEFINE_enum(
    "distribution",
    "one_device",
    DISTRIBUTIONS,
    "Train on one device, or mirrored over all GPUs (or over --logical_cpus).",
)
LOGICAL_CPUS = absl_flags.DEFINE_integer(
    "logical_cpus",
    0,
    "Split the CPU into so many devices to mirror over; 0 does not.",
    lower_bound=0,
    upper_bound=64,
)
DRY_RUN = absl_flags.DEFINE_bool(
    "dry_run",
    False,
    "Only say what would be trained, how often, and how long and how much disk that takes, measured on two "
    "candidates a worker; nothing is written.",
)
PLUGINS = absl_flags.DEFINE_multi_string(
    "plugins",
    None,
    'Python file with parts of your own: a dict {"mutations": {"name": function}, …}. Repeat the flag, or '
    "separate files by commas, for several.",
)


def load_plugins() -> None:
    """Registers the parts of `--plugins`; comes before any config is made."""
    for path in dict.fromkeys(paths.several("--plugins", PLUGINS.value or [])):
        registry.add_file(path)


def config() -> RuntimeConfig:
    folders = WORKDIR.value or [""]
    if not folders[-1]:  # the last one wins, as of every flag
        raise InputError("--workdir is missing; give a folder, new or of an earlier run of this command")
    return RuntimeConfig(folders[-1], DISTRIBUTION.value, LOGICAL_CPUS.value)

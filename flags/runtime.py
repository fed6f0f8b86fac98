"""Where a stage runs, on what, and the seed it starts from."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf import registry
from eatnas_tf.configs import DISTRIBUTIONS, RuntimeConfig
from eatnas_tf.errors import InputError

WORKDIR = absl_flags.DEFINE_string(
    "workdir",
    None,
    "Folder of everything a stage writes; the same command on it goes on where it stopped. For a report: the "
    "folder to read, or several parted by commas.",
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
PLUGINS = absl_flags.DEFINE_list(
    "plugins", "", 'Python files with parts of your own: a dict {"mutations": {"name": function}, …}.'
)


def load_plugins() -> None:
    """Registers the parts of `--plugins`; comes before any config is made."""
    for path in PLUGINS.value:
        registry.add_file(path)


def config() -> RuntimeConfig:
    if not WORKDIR.value:
        raise InputError("--workdir is missing; give a folder, new or of an earlier run of this command")
    return RuntimeConfig(WORKDIR.value, DISTRIBUTION.value, LOGICAL_CPUS.value)

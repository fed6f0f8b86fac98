"""Compares a transfer with its rivals on one pair of datasets, at equal budgets, once a seed.

python -m eatnas_tf.bin.ablate --source_dataset=npz:a.npz --target_dataset=npz:b.npz --workdir=runs/ablation

A transfer with the seed's weights and without, one from a seed of worse rank, a search from scratch, also at
the same total cost, random search, and the basic architecture unchanged. A flag of a stage given here, such
as --cycles=100, wins over the presets of all stages that have it.
"""

import sys

from eatnas_tf.bin import entry
from eatnas_tf.flags import ablate as ablate_flags
from eatnas_tf.flags import runtime, terminal

entry.adopt((ablate_flags, runtime, terminal))


def main() -> None:
    from eatnas_tf.stages import ablation, dry_run  # here, so that --help and a wrong flag answer at once

    stage = dry_run.ablation if runtime.DRY_RUN.value else ablation.run
    stage(ablate_flags.config(sys.argv[1:]), runtime.config())


if __name__ == "__main__":
    entry.run(main)

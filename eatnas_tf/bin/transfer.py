"""Transfers a basic architecture to the large dataset and searches on from it (stage 2, Algorithm 2).

python -m eatnas_tf.bin.transfer --preset=quickstart_transfer --from=runs/retrain --workdir=runs/transfer

The widths of the frame are those of the stage in --from unless they are given, and so is the dataset.
"""

from eatnas_tf.bin import entry
from eatnas_tf.flags import presets, runtime, terminal
from eatnas_tf.flags import transfer as transfer_flags

entry.adopt((transfer_flags, *transfer_flags.MODULES, presets, terminal))


def main() -> None:
    from eatnas_tf.stages import dry_run, search  # here, so that --help and a wrong flag answer at once

    stage = dry_run.search if runtime.DRY_RUN.value else search.run
    stage(transfer_flags.config(), runtime.config(), title="transfer")


if __name__ == "__main__":
    entry.run(main)

"""Runs the whole of EAT-NAS: search on the small dataset, retrain, transfer to the large one, retrain, test.

python -m eatnas_tf.bin.pipeline --workdir=runs/quickstart

Every stage takes its settings from a preset. A flag of a stage given here, such as --seed=1 or
--population=16, wins over the preset of every stage that has it. So --dataset=npz:mine.npz is the dataset of
all stages; --data_dir, --train_examples, --validation and --centre_crop are for them all. What neither
a flag nor a preset says, a stage inherits from the one before.
"""

import sys

from eatnas_tf.bin import entry
from eatnas_tf.flags import data, runtime, terminal
from eatnas_tf.flags import pipeline as pipeline_flags

entry.adopt((pipeline_flags, data, runtime, terminal))


def main() -> None:
    from eatnas_tf.stages import dry_run, pipeline  # here, so that --help and a wrong flag answer at once

    stage = dry_run.pipeline if runtime.DRY_RUN.value else pipeline.run
    stage(pipeline_flags.config(sys.argv[1:]), runtime.config())


if __name__ == "__main__":
    entry.run(main)

"""Retrains the top k of a finished search, or one code, chooses the best and tests it once.

python -m eatnas_tf.bin.retrain --preset=quickstart_search_retrain --from=runs/search --workdir=runs/retrain

Dataset, frame and preprocessing are those of the search in --from. A flag that differs wins, whether given
here or by a preset; a warning and config.json name it.
"""

from eatnas_tf.bin import entry
from eatnas_tf.flags import presets, runtime, terminal
from eatnas_tf.flags import retrain as retrain_flags

entry.adopt((retrain_flags, *retrain_flags.MODULES, presets, terminal))


def main() -> None:
    from eatnas_tf.stages import dry_run, retrain  # here, so that --help and a wrong flag answer at once

    stage = dry_run.retraining if runtime.DRY_RUN.value else retrain.run
    stage(retrain_flags.config(), runtime.config())


if __name__ == "__main__":
    entry.run(main)

"""Evaluates a retrained model on the test split: a row like the paper's Table 1.

python -m eatnas_tf.bin.evaluate --from=runs/retrain
"""

from absl import flags as absl_flags

from eatnas_tf import paths
from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import data, output, source, terminal

for name in ("from", "dataset", "data_dir"):
    absl_flags.declare_key_flag(name)
entry.adopt((output, terminal))


def main() -> None:
    from eatnas_tf.stages import evaluate  # here, so that --help and a wrong flag answer at once

    if source.FROM.value is None:
        raise InputError("--from is missing; give the work folder of a finished retraining")
    given = data.config()
    dataset = given.dataset if data.DATASET.present else None
    folder = paths.local("--from", source.FROM.value)
    evaluate.run(folder, dataset, given.data_dir, output.FORMAT.value == "json")


if __name__ == "__main__":
    entry.run(main, prints=True)

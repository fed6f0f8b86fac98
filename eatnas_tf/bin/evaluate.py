"""Evaluates a retrained model on the test split: a row like the paper's Table 1.

python -m eatnas_tf.bin.evaluate --from=runs/retrain

The dataset is that of the retraining. The classes of another --dataset are matched by their names.
"""

from absl import flags as absl_flags

from eatnas_tf import paths
from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import data, output, source, terminal

for name in ("from", "dataset", "data_dir", "plugins"):
    absl_flags.declare_key_flag(name)
entry.adopt((output, terminal))


def main() -> None:
    from eatnas_tf.stages import (  # here, so that --help and a wrong flag answer at once
        evaluate,
        plugins_used,
    )

    if source.FROM.value is None:
        raise InputError("--from is missing; give the work folder of a finished retraining")
    folder = paths.local("--from", source.FROM.value)
    with plugins_used.named(folder):
        evaluate.run(folder, data.DATASET.value, data.DATA_DIR.value, output.as_json())


if __name__ == "__main__":
    entry.run(main, prints=True)

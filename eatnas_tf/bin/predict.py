"""Says what is in images: the likeliest classes by a retrained model.

python -m eatnas_tf.bin.predict --model=runs/retrain/model.keras shirt.png boots.jpg photos/

Of a folder, every image in it at any depth is classified. A file that cannot be read is marked, the others
are classified, and the exit code is 1. --format=csv and --format=json are for programs; --output=FILE writes
them to a file.
"""

import sys
from pathlib import Path

from absl import flags as absl_flags

from eatnas_tf import paths
from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import output, terminal
from eatnas_tf.flags import predict as predict_flags
from eatnas_tf.flags import report as report_flags

entry.adopt((predict_flags, output, terminal))
for name in ("output", "plugins"):
    absl_flags.declare_key_flag(name)


def main(files: list[str]) -> None:
    from eatnas_tf.stages import plugins_used, predict  # here, so that --help and a wrong flag answer at once

    if predict_flags.MODEL.value is None:
        raise InputError("--model is missing; give the model.keras of a finished retraining")
    if not files:
        raise InputError("no image is given; name image files or folders behind the flags")
    form, place = output.FORMAT.value, report_flags.OUTPUT.value
    if place is not None and form == "table":
        raise InputError("--output takes --format=csv or --format=json; a table is for the terminal")
    model = Path(paths.local("--model", predict_flags.MODEL.value))
    with plugins_used.named(model.parent):
        bad = predict.run(
            model,
            [Path(paths.local("image", file)) for file in files],
            predict_flags.TOP.value,
            form,
            None if place is None else Path(paths.local("--output", place)),
        )
    if bad:
        sys.exit(1)


if __name__ == "__main__":
    entry.run_on_files(main, prints=True)

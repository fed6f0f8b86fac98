"""Says what is in images: the likeliest classes by a retrained model.

python -m eatnas_tf.bin.predict --model=runs/retrain/model.keras shirt.png boots.jpg
"""

from pathlib import Path

from absl import flags as absl_flags

from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import output, terminal
from eatnas_tf.flags import predict as predict_flags

entry.adopt((predict_flags, output, terminal))
absl_flags.declare_key_flag("plugins")


def main(files: list[str]) -> None:
    from eatnas_tf.stages import plugins_used, predict  # here, so that --help and a wrong flag answer at once

    if predict_flags.MODEL.value is None:
        raise InputError("--model is missing; give the model.keras of a finished retraining")
    if not files:
        raise InputError("no image is given; name image files behind the flags")
    model = Path(predict_flags.MODEL.value)
    with plugins_used.named(model.parent):
        predict.run(
            model,
            [Path(file) for file in files],
            predict_flags.TOP.value,
            output.FORMAT.value == "json",
        )


if __name__ == "__main__":
    entry.run_on_files(main)

"""Says what is in images: the likeliest classes by a retrained model.

python -m eatnas_tf.bin.predict --model=runs/retrain/model.keras shirt.png boots.jpg
"""

from pathlib import Path

from eatnas_tf import paths
from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import output, terminal
from eatnas_tf.flags import predict as predict_flags

entry.adopt((predict_flags, output, terminal))


def main(files: list[str]) -> None:
    from eatnas_tf.stages import predict  # here, so that --help and a wrong flag answer at once

    if predict_flags.MODEL.value is None:
        raise InputError("--model is missing; give the model.keras of a finished retraining")
    if not files:
        raise InputError("no image is given; name image files behind the flags")
    predict.run(
        Path(paths.local("--model", predict_flags.MODEL.value)),
        [Path(paths.local("image", file)) for file in files],
        predict_flags.TOP.value,
        output.FORMAT.value == "json",
    )


if __name__ == "__main__":
    entry.run_on_files(main, prints=True)

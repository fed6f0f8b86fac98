"""Describes an architecture: its layers, parameters and multiply-adds, without TensorFlow.

python -m eatnas_tf.bin.describe --architecture=mb6_k3_s1_w1.0_d2 --strides=2 --image_size=32
"""

import json

from absl import flags as absl_flags

from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import frame as frame_flags
from eatnas_tf.flags import output, presets, source

entry.adopt((frame_flags, output, presets))
absl_flags.declare_key_flag("architecture")
absl_flags.declare_key_flag("plugins")


def main() -> None:
    from eatnas_tf.layers import count, describe, expand
    from eatnas_tf.reporting import tables
    from eatnas_tf.stages import plans

    if source.ARCHITECTURE.value is None:
        raise InputError(
            "--architecture is missing; give a code such as mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1-…"
        )
    architecture = plans.parsed(source.ARCHITECTURE.value)
    network = expand(architecture, frame_flags.config().alone())
    rows, total = describe(network), count(network)
    if not output.as_json():
        tables.layers(str(architecture), rows, total)
        return
    layers = [{**row._asdict(), **row.counted._asdict()} for row in rows]
    for layer in layers:
        del layer["counted"]
    print(json.dumps({"architecture": str(architecture), **total._asdict(), "layers": layers}))


if __name__ == "__main__":
    entry.run(main, prints=True)

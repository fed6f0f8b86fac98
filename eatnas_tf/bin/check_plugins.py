"""Checks parts: do they build, count, train, save, inherit and move as a search relies on?

By default these are the parts of the files in --plugins, or every registered part where no file is given.
Prints a table of what holds and what does not, and why; exits with 1 if something does not.

python -m eatnas_tf.bin.check_plugins --plugins=my_ops.py
"""

import sys

from absl import flags as absl_flags

from eatnas_tf.bin import entry
from eatnas_tf.flags import parts, runtime, terminal  # noqa: F401 (its --plugins)

entry.adopt((parts, terminal))
absl_flags.declare_key_flag("plugins")


def main() -> None:
    from eatnas_tf.stages import check_plugins  # here, so that --help and a wrong flag answer at once

    sys.exit(0 if check_plugins.run(parts.PARTS.value) else 1)


if __name__ == "__main__":
    entry.run(main)

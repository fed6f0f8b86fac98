"""Writes the skeleton of a package of your own parts: one of every kind, registered, with tests that pass.

python -m eatnas_tf.bin.new_plugin my-parts --output=my-parts
"""

from absl import flags as absl_flags

from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import report, terminal

entry.adopt((terminal,))
absl_flags.declare_key_flag("output")


def main(names: list[str]) -> None:
    from eatnas_tf.reporting import tables
    from eatnas_tf.stages import new_plugin  # here, so that --help and a wrong flag answer at once

    if len(names) != 1:
        raise InputError(f"{len(names)} names are given; give one for the package, such as my-parts")
    folder = new_plugin.run(names[0], report.OUTPUT.value)
    tables.say(f'{folder}: next, `pip install -e "{folder}[dev]"` and `python -m pytest {folder}`')


if __name__ == "__main__":
    entry.run_on_files(main)

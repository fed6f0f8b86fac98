"""Writes a report of what is in a work folder: one HTML file that holds its pictures and tables itself.

python -m eatnas_tf.bin.report --workdir=runs/quickstart

The folder is a pipeline's, or that of a search, transfer or retraining, which is told with the stages that it
came from, as far as they are found. The report is report.html in that folder. Several folders (repeat
--workdir) are compared in comparison.html in the first of them: runs whose settings differ in the seed only
are one group, drawn as one line in a band. Unfinished runs are reported as they are; nothing but the report
is written. Codes with parts of yours need --plugins.
"""

from absl import flags as absl_flags

from eatnas_tf.bin import entry
from eatnas_tf.flags import report as report_flags
from eatnas_tf.flags import terminal

entry.adopt((report_flags, terminal))
for name in ("workdir", "plugins"):
    absl_flags.declare_key_flag(name)


def main() -> None:
    from eatnas_tf.stages import report  # here, so that --help and a wrong flag answer at once

    report.run(*report_flags.config())


if __name__ == "__main__":
    entry.run(main)

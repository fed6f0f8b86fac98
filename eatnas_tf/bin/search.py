"""Searches for the basic architecture on the small dataset (stage 1, Algorithm 1).

python -m eatnas_tf.bin.search --preset=quickstart_search --workdir=runs/search
"""

from eatnas_tf.bin import entry
from eatnas_tf.flags import presets, runtime, terminal
from eatnas_tf.flags import search as search_flags

entry.adopt((*search_flags.MODULES, presets, terminal))


def main() -> None:
    from eatnas_tf.stages import dry_run, search  # here, so that --help and a wrong flag answer at once

    stage = dry_run.search if runtime.DRY_RUN.value else search.run
    stage(search_flags.config(), runtime.config())


if __name__ == "__main__":
    entry.run(main)

"""One absl main a stage; run as `python -m eatnas_tf.bin.NAME`."""

import importlib.util
import sys

if importlib.util.find_spec("absl") is None:  # a checkout that nothing was installed for
    print(
        f"{sys.executable} lacks what eatnas_tf needs; in the folder of setup.py run: "
        f"{sys.executable} -m pip install -e .",
        file=sys.stderr,
    )
    sys.exit(2)

"""TensorFlow's first import, without what its C++ half says before it listens to any log level."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import BinaryIO


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras and looks for devices; stderr is shown only on failure."""
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with _anonymous() as said:
        os.dup2(said.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow as tf

            tf.config.list_physical_devices()
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _anonymous() -> BinaryIO:
    """A file without a name: in memory on Linux, so that a machine needs no folder for temporary files."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    return tempfile.TemporaryFile()

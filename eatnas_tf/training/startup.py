"""TensorFlow's first import, without what its C++ half says before it listens to any log level."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from eatnas_tf.errors import InputError
from eatnas_tf.training import keras_settings


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras as training needs them; looks for devices.

    What their C++ half says on stderr is shown only on failure. Raises InputError as `keras_settings.rely`.
    """
    if "tensorflow" in sys.modules:
        keras_settings.rely()
        return
    _switch_off()
    with _unheard():
        keras_settings.rely()
        import tensorflow as tf

        tf.config.list_physical_devices()


def _switch_off() -> None:
    """Of a person's environment, what would have graphs compiled by XLA: it is never used here."""
    flags = os.environ.get("TF_XLA_FLAGS", "").split()
    kept = [flag for flag in flags if not flag.lstrip("-").startswith("tf_xla_auto_jit")]
    if kept != flags:
        os.environ["TF_XLA_FLAGS"] = " ".join(kept)


@contextmanager
def _unheard() -> Iterator[None]:
    """What the block writes to stderr is shown only if it fails."""
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed
        yield
        return
    with suppress(OSError, AttributeError):
        sys.stderr.flush()
    with _anonymous() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except InputError:
            raise
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

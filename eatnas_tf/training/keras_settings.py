"""Keras's global settings: training relies on the default ones, whatever keras.json or a program has set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eatnas_tf.errors import InputError, reason

RELIED_ON = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "dtype_policy": "float32",
}
_others: list[dict[str, Any]] = []  # what was set before, to be restored


def rely() -> None:
    """Sets what training relies on. Raises InputError if Keras does not load, or not on TensorFlow."""
    config = _imported().config
    if config.backend() != "tensorflow":
        raise InputError(
            f"Keras runs on {config.backend()} in this process, and eatnas_tf needs TensorFlow: "
            "import eatnas_tf before Keras, or set KERAS_BACKEND=tensorflow"
        )
    _others.append({name: getattr(config, name)() for name in RELIED_ON})
    _set(RELIED_ON)


@contextmanager
def restored() -> Iterator[None]:
    """A program's own settings hold again behind the block, in which stages `rely` on theirs."""
    _others.clear()
    try:
        yield
    finally:
        if _others:
            _set(_others[0])


def _imported() -> Any:
    try:
        import keras
    except (AssertionError, AttributeError, TypeError) as error:  # what a damaged keras.json leads it into
        raise InputError(f"Keras does not load ({reason(error)}); correct ~/.keras/keras.json") from error
    if int(keras.__version__.partition(".")[0]) < 3:
        raise InputError(f"Keras {keras.__version__} is too old; install keras>=3")
    return keras


def _set(values: dict[str, Any]) -> None:
    config = sys.modules["keras"].config
    for name, value in values.items():
        getattr(config, f"set_{name}")(value)

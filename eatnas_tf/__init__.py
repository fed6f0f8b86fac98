"""Elastic architecture transfer for neural architecture search (EAT-NAS, arXiv 1901.05884).

From Python: `search`, `transfer`, `retrain`, `evaluate`, with `Datasets` and `Callback`s of your own; see
`eatnas_tf.api`.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from eatnas_tf import checkout

if TYPE_CHECKING:
    from eatnas_tf.api import Callback, Datasets, Enough, evaluate, retrain, search, transfer

__all__ = ["Callback", "Datasets", "Enough", "evaluate", "retrain", "search", "transfer"]
__version__ = "0.1.0"

checkout.complete()
# TensorFlow and Keras read these once, at their first import. Some CPUs have oneDNN off by default.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever a person's shell or ~/.keras/keras.json says


def __getattr__(name: str) -> Any:
    """The stages, imported when they are asked for: `eatnas_tf.space` and the like need none of them."""
    if name not in __all__:
        raise AttributeError(f"module 'eatnas_tf' has no attribute {name!r}")
    return getattr(importlib.import_module("eatnas_tf.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

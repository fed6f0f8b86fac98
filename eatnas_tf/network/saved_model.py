"""Loading a retraining's `model.keras`."""

from __future__ import annotations

from pathlib import Path

import keras

from eatnas_tf.errors import InputError


def load(path: Path) -> keras.Model:
    """The model, by Keras's safe mode: nothing in the file is executed. Raises InputError."""
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever a damaged file leads it into
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: cannot be loaded ({reason}); retrain it") from None

"""Loading a retraining's `model.keras`."""

from __future__ import annotations

from pathlib import Path

import keras

from eatnas_tf.errors import InputError, reason


def load(path: Path, classes: int) -> keras.Model:
    """The model, by Keras's safe mode: nothing in the file is executed.

    Raises InputError if it does not load, or does not tell so many classes of square images apart.
    """
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever a damaged file leads it into
        raise InputError(f"{path}: cannot be loaded ({reason(error)}); retrain it") from None
    images, logits = (getattr(model, name, None) for name in ("input_shape", "output_shape"))
    match images, logits:
        case (_, int(height), int(width), int()), (_, int(outputs)) if height == width:
            if outputs != classes:
                raise InputError(f"{path}: {classes} class names for {outputs} outputs; retrain it")
            return model
    raise InputError(f"{path}: maps {images} to {logits}, not square images to classes; retrain it")

"""Loading a retraining's `model.keras`, with the layers that plugins bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import keras

from eatnas_tf import registry
from eatnas_tf.errors import InputError, UnknownNameError, reason
from eatnas_tf.layers import KerasLayer, Spec, conv_ops

WIDTH = 8  # channels of the layers that are made to learn their classes


def load(path: Path, classes: int) -> keras.Model:
    """The model, by Keras's safe mode: nothing in the file is executed.

    Layers of one's own are found among the registered parts. Raises InputError if it does not load, or does
    not tell so many classes of square images apart.
    """
    try:
        with keras.saving.custom_object_scope(layer_classes()):
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever a damaged file leads it into
        raise _refusal(path, error) from None
    images, logits = (getattr(model, name, None) for name in ("input_shape", "output_shape"))
    match images, logits:
        case (_, int(height), int(width), int()), (_, int(outputs)) if height == width:
            if outputs != classes:
                raise InputError(f"{path}: {classes} class names for {outputs} outputs; retrain it")
            return model
    raise InputError(f"{path}: maps {images} to {logits}, not square images to classes; retrain it")


def layer_classes() -> dict[str, type]:
    """The classes of the Keras layers that registered parts make, by name. A part that raises has none."""
    found: dict[str, type] = {}
    for spec in _specs():
        with suppress(Exception):
            layer = type(spec.factory("layer"))
            if not layer.__module__.startswith("keras."):
                found[layer.__name__] = layer
    return found


def _specs() -> Iterator[KerasLayer]:
    for name in filter(partial(registry.is_strange, "conv_ops"), registry.names("conv_ops")):
        with suppress(Exception):
            yield from _keras_layers(_layer(name))
    for name in filter(partial(registry.is_strange, "primitives"), registry.names("primitives")):
        with suppress(Exception):
            primitive = registry.get("primitives", name)
            for op, value in product(("sep", "mb3"), primitive.choices):
                yield from _keras_layers(primitive.rewrite(_layer(op), value))


def _layer(op: str) -> list[Spec]:
    return conv_ops.find(op)(WIDTH, WIDTH, 3, 1)


def _keras_layers(specs: Any) -> Iterator[KerasLayer]:
    for spec in specs:
        yield from (part for part in spec.parts() if isinstance(part, KerasLayer))


def _refusal(path: Path, error: Exception) -> InputError:
    """A class that Keras does not know is most likely a plugin's; anything else is damage."""
    unknown = re.search(r"Could not locate class '([^']+)'", str(error))
    if unknown:
        return UnknownNameError(
            f"{path}: cannot be loaded (layer {unknown[1]!r} is neither Keras's nor a registered part's); "
            "one of your own needs --plugins, or its package installed"
        )
    return InputError(f"{path}: cannot be loaded ({reason(error)}); retrain it")

"""What a search relies on in a part that shows in networks: they build, count, train, save and inherit."""

from __future__ import annotations

import gc
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.errors import reason
from eatnas_tf.layers import Frame, KerasLayer, Network, count, expand
from eatnas_tf.network import saved_model
from eatnas_tf.network.builder import assign, build, weights_of
from eatnas_tf.network.inheritance import Origin, inherit
from eatnas_tf.network.keras_layers import keras_layer
from eatnas_tf.space import Architecture
from eatnas_tf.stages import fresh_process
from eatnas_tf.stages.claims import FRAME, Broken
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.trainer import Trainer

CodeOf = Callable[[float, int], Architecture]

WIDER, NARROWER, DEEPER = (2.0, 1), (0.5, 1), (1.0, 2)
ODD = Frame(15, 1, 3, stem_filters=5, stem_stride=1, strides=(1, 2, 3), head_filters=7)
STEP = TrainingConfig(epochs=1, batch_size=8, learning_rate=0.01, augmentation="none")


def builds(code_of: CodeOf, strategy: Any) -> None:
    """As layers for training and as stock ones, which give the same logits."""
    network, images = _network(code_of), _examples().images.astype(np.float32) / 255
    fast, stock = build(network), build(network, keras_layer)
    assign(stock, weights_of(fast))
    difference = np.abs(np.asarray(fast(images)) - np.asarray(stock(images))).max()
    if not difference < 1e-3:
        raise Broken(
            f"{code_of(1.0, 1)}: built twice with the same weights, its logits differ by {difference:g}"
        )


def counts(code_of: CodeOf, strategy: Any) -> None:
    for size in ((1.0, 1), WIDER, DEEPER):
        network = _network(code_of, *size)
        counted, found = count(network).params, _params(build(network))
        if counted != found:
            raise Broken(f"{code_of(*size)}: its specs count {counted:,} parameters, Keras {found:,}")


def trains(code_of: CodeOf, strategy: Any) -> None:
    trainer = Trainer(strategy, _examples(), STEP)
    with strategy.scope():
        model = build(_network(code_of))
    if not trainer.train(model, 0) or not math.isfinite(trainer.evaluate(model, _examples()).loss):
        raise Broken(f"{code_of(1.0, 1)}: its loss after one step is no number")


def saves(code_of: CodeOf, strategy: Any) -> None:
    model, images = build(_network(code_of), keras_layer), _examples().images.astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = saved_model.load(path, FRAME.num_classes)
    if not np.allclose(np.asarray(model(images)), np.asarray(loaded(images)), atol=1e-3):
        raise Broken(f"{code_of(1.0, 1)}: loaded from its .keras file it gives other logits")


def loads_elsewhere(code_of: CodeOf) -> None:
    """In a process that has only the plugins. Networks of stock layers are known to load everywhere."""
    network, images = _network(code_of), _examples().images.astype(np.float32)
    if not any(isinstance(part, KerasLayer) for spec in network.named_specs() for part in spec.parts()):
        return
    with tempfile.TemporaryDirectory() as folder:
        model, path = build(network, keras_layer), Path(folder) / "model.keras"
        model.save(path)
        found = fresh_process.logits(path, FRAME.num_classes, images)
    if not np.allclose(np.asarray(model(images)), found, atol=1e-3):
        raise Broken(f"{code_of(1.0, 1)}: loaded in another process it gives other logits")


def takes_odd_widths(code_of: CodeOf, strategy: Any) -> None:
    images = np.zeros((1, ODD.image_size, ODD.image_size, ODD.channels), np.float32)
    for width, kernel in ((1.0, 5), (0.6, 7), (1.0, 4)):
        architecture = code_of(width, 2)
        for block in range(len(architecture)):
            architecture = architecture.replace(block, kernel=kernel)
        network = expand(architecture, ODD)
        try:
            model = build(network)
            shape = model(images).shape
        except Exception as error:
            raise Broken(f"{architecture} on {ODD.stem_filters} channels: {reason(error)}") from error
        counted, found = count(network).params, _params(model)
        if tuple(shape) != (1, ODD.num_classes) or counted != found:
            raise Broken(
                f"{architecture} on {ODD.stem_filters} channels: its specs count {counted:,} parameters, "
                f"Keras {found:,}"
            )


def inherits(size: tuple[float, int]) -> Callable[[CodeOf, Any], None]:
    """From a network to another of that width and depth, and back again."""

    def claim(code_of: CodeOf, strategy: Any) -> None:
        parent, child = _network(code_of), _network(code_of, *size)
        trained = weights_of(build(parent, seed=1))
        given, origins = inherit(child, parent, weights_of(build(child, seed=2)), trained)
        for name, origin in origins.items():
            projects = "_shortcut" in name  # a change of width, where the parent has the identity
            if origin is Origin.FRESH and not projects and not name.startswith(_new_layers(child, parent)):
                raise Broken(f"{code_of(*size)}: {name} does not inherit from {code_of(1.0, 1)}")
        back, _ = inherit(parent, child, weights_of(build(parent, seed=3)), given)
        for name, values in trained.items():
            if name not in given:
                raise Broken(f"{code_of(*size)}: it has no {name}")
            common = tuple(map(slice, np.minimum(values.shape, given[name].shape)))
            if not np.array_equal(back[name][common], values[common]):
                raise Broken(f"{code_of(*size)}: {name} does not come back as it was")

    return claim


CLAIMS: dict[str, Callable[[CodeOf, Any], None]] = {
    "builds": builds,
    "counts": counts,
    "trains": trains,
    "saves": saves,
    "takes odd widths": takes_odd_widths,
    "inherits wider": inherits(WIDER),
    "narrower": inherits(NARROWER),
    "deeper": inherits(DEEPER),
}


def tidy() -> None:
    """Frees the models of a claim."""
    keras.backend.clear_session()
    gc.collect()


def _network(code_of: CodeOf, width: float = 1.0, depth: int = 1) -> Network:
    return expand(code_of(width, depth), FRAME)


def _new_layers(child: Network, parent: Network) -> tuple[str, ...]:
    known = {layer.name for layer in parent.layers}
    return tuple(f"{layer.name}_" for layer in child.layers if layer.name not in known)


def _params(model: keras.Model) -> int:
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def _examples() -> Examples:
    rng = np.random.default_rng(0)
    shape = (8, FRAME.image_size, FRAME.image_size, FRAME.channels)
    return Examples(rng.integers(0, 256, shape, np.uint8), rng.integers(0, FRAME.num_classes, 8, np.int32))

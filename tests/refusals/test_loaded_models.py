"""Models that only Keras can find out about."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eatnas_tf.bin import evaluate, predict
from eatnas_tf.network import class_names

from .commands import modelled
from .damage import Files, classes, copied, in_turn, picture, zipped
from .harness import Case, check


def saved(
    shape: tuple[int, ...], layers: Callable[[Any, Any], Any], *names: str, place: str = "model.keras"
) -> Any:
    """A file of a model that is `layers(keras, inputs)` of images, and of class names; and an image."""

    def put(sound: Path) -> None:
        import keras

        inputs = keras.Input(shape)
        keras.Model(inputs, layers(keras, inputs)).save(place)
        class_names.add(Path(place), names)
        Path("stolen").unlink(missing_ok=True)
        shutil.copy(sound / "shirt.png", ".")

    return put


def dense(outputs: int) -> Callable[[Any, Any], Any]:
    return lambda keras, inputs: keras.layers.Dense(outputs)(keras.layers.Flatten()(inputs))


def stealing(keras: Any, inputs: Any) -> Any:
    """What a stranger's code in a model could do."""
    return keras.layers.Lambda(lambda values: [values, Path("stolen").touch()][0])(dense(2)(keras, inputs))


def twofold(keras: Any, inputs: Any) -> Any:
    return [dense(2)(keras, inputs), dense(2)(keras, inputs)]


def member(name: str, content: str | bytes | None) -> Files:
    """One member of model.keras replaced, or left out."""

    def put(sound: Path) -> None:
        with zipfile.ZipFile("model.keras") as archive:
            members = {one: archive.read(one) for one in archive.namelist()}
        del members[name]
        zipped(members if content is None else {**members, name: content})(sound)

    return put


def called(module: str, name: str) -> str:
    """A model's configuration that is a call of a function of any module."""
    return json.dumps({"module": module, "class_name": name, "config": {"command": "touch stolen"}})


def headed(name: str) -> Files:
    """An image of which only the header can be read."""
    return lambda sound: Path(name).write_bytes(Path(name).read_bytes()[:30].ljust(200, b"\xff"))


SOUND = saved((8, 8, 1), dense(2), "a", "b")
UNLOADED = "cannot be loaded (…"
CASES = [
    modelled("2 class names for 3 outputs; retrain it", saved((8, 8, 1), dense(3), "a", "b")),
    modelled("0 class names for 2 outputs; retrain it", saved((8, 8, 1), dense(2))),
    modelled(
        "it takes 4 channels; expected 1 or 3, as image files have", saved((8, 8, 4), dense(2), "a", "b")
    ),
    modelled("maps (None, 8, 6, 1) to (None, 2), not square …", saved((8, 6, 1), dense(2), "a", "b")),
    modelled("maps (None, 9) to (None, 2), not square …", saved((9,), dense(2), "a", "b")),
    modelled("maps (None, 8, 8, 1) to [(None, 2), (None, 2)], not …", saved((8, 8, 1), twofold, "a", "b")),
    modelled(
        "maps (None, 8, 8, 1) to (None, 8, 8, 2), not …",
        saved((8, 8, 1), lambda keras, inputs: keras.layers.Dense(2)(inputs), "a", "b"),
    ),
    modelled(UNLOADED, classes('["a", "b"]')),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", "no JSON"))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", "{}"))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", None))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", called("os", "system")))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", called("builtins", "eval")))),
    modelled(UNLOADED, in_turn(SOUND, member("model.weights.h5", b""))),
    modelled(UNLOADED, in_turn(SOUND, member("model.weights.h5", None))),
    Case(
        predict,
        ("--model=model.keras", "x.webp"),
        "x.webp: not an image that can be read (OSError: failed to …",
        in_turn(SOUND, lambda sound: picture(Path("x.webp")), headed("x.webp")),
    ),
    Case(evaluate, ("--from=run",), f"run/model.keras: {UNLOADED}", copied("retrained")),
    Case(
        evaluate,
        ("--from=run",),
        "run/model.keras: 10 class names for 3 outputs; retrain it",
        in_turn(copied("retrained"), saved((28, 28, 1), dense(3), place="run/model.keras")),
    ),
    modelled(
        "cannot be loaded (ValueError: Requested the deserialization of a `Lambda` layer whose …",
        saved((8, 8, 1), stealing, "a", "b"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=range(1, len(CASES) + 1))
def test_a_model_that_keras_cannot_use_or_will_not_run_is_refused(strategy, refusal, case) -> None:
    check(case, refusal(case, with_tensorflow=True))

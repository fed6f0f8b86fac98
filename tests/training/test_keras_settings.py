"""Keras's global settings, which are a person's or a program's."""

import json
import os
import subprocess
import sys

import keras
import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.training import keras_settings

THEIRS = {
    "floatx": "float64",
    "epsilon": 1e-3,
    "image_data_format": "channels_first",
    "dtype_policy": "mixed_bfloat16",
}


def _now() -> dict:
    found = {name: getattr(keras.config, name)() for name in THEIRS}
    return {**found, "dtype_policy": found["dtype_policy"].name}


def test_a_programs_settings_give_way_and_hold_again() -> None:
    try:
        keras_settings._set(THEIRS)
        with keras_settings.restored():
            keras_settings.rely()
            assert _now() == keras_settings.RELIED_ON
            keras_settings.rely()
        assert _now() == THEIRS
    finally:
        keras_settings._set(keras_settings.RELIED_ON)


def test_keras_on_another_backend_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(InputError, match="Keras runs on jax in this process"):
        keras_settings.rely()


def test_a_persons_files_and_environment_do_not_reach_training(tmp_path) -> None:
    theirs = {**THEIRS, "backend": "jax"}
    (tmp_path / "keras.json").write_text(json.dumps(theirs))
    code = (
        "import eatnas_tf, os, json; from eatnas_tf.training import startup, keras_settings as k; "
        "startup.load_tensorflow(); import keras; "
        "print(json.dumps([keras.config.floatx(), keras.config.image_data_format(), keras.config.backend(), "
        "os.environ['TF_XLA_FLAGS']]))"
    )
    environment = {
        "KERAS_HOME": str(tmp_path),
        "KERAS_BACKEND": "torch",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_enable_lazy_compilation=false",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        "float32",
        "channels_last",
        "tensorflow",
        "--tf_xla_enable_lazy_compilation=false",
    ]
    assert json.loads((tmp_path / "keras.json").read_text()) == theirs

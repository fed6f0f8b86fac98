"""A saved model in a process of its own, which knows this one's plugins and nothing else of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.network import weight_file

CODE = "from eatnas_tf.stages.fresh_process import main; main()"


def logits(model: Path, classes: int, images: np.ndarray) -> np.ndarray:
    """What the model makes of images there. Raises InputError with the last line of what went wrong."""
    folder = model.parent
    (folder / "parts.pickle").write_bytes(cloudpickle.dumps((registry.files(), registry.handed_in())))
    weight_file.save(folder / "images.npz", {"images": images})
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(model), str(classes)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InputError(f"a new process cannot load it: {done.stderr.strip().splitlines()[-1]}")
    return weight_file.load(folder / "logits.npz")["logits"]


def main() -> None:
    """Of the new process: loads the model of the command line and leaves its logits beside it."""
    path, classes = Path(sys.argv[1]), int(sys.argv[2])
    files, handed_in = _parts(path.parent / "parts.pickle")
    for file in files:
        registry.add_file(file)
    for group, by_name in handed_in.items():
        for name, part in by_name.items():
            registry.add(group, name, part)
    from eatnas_tf.network import saved_model

    model = saved_model.load(path, classes)
    images = weight_file.load(path.parent / "images.npz")["images"]
    weight_file.save(path.parent / "logits.npz", {"logits": np.asarray(model(images))})


def _parts(path: Path) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]]:
    return cloudpickle.loads(path.read_bytes())  # the checker has written it a moment ago

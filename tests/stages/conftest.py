"""A search so small that whole processes of it can be run, killed and compared."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FRAME = (
    "--dataset=fashion_mnist_mini",
    "--train_examples=400",
    "--image_size=14",
    "--strides=2,2",
    "--stem_filters=4",
    "--head_filters=8",
    "--batch_size=64",
    "--seed=3",
)
SEARCH = (
    *FRAME,
    "--blocks=2",
    "--depth_choices=1,2",
    "--population=3",
    "--sample=2",
    "--cycles=4",
    "--epochs=8",
    "--target=1000",
    "--top_k=2",
    "--workers=1",
)


class Stage:
    """Runs binaries in a folder of their own."""

    search_flags = SEARCH

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, name: str, *flags: str) -> subprocess.Popen:
        """A process that leads a group of its own, as a terminal's does."""
        return subprocess.Popen(
            [sys.executable, "-m", f"eatnas_tf.bin.{name}", *flags],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, name: str, *flags: str) -> subprocess.CompletedProcess:
        process = self.start(name, *flags)
        out, err = process.communicate(timeout=400)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def journal(self, workdir: str) -> list[dict]:
        """The journal's lines without their seconds and times."""
        text = (self.folder / workdir / "journal.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        return [{name: line[name] for name in line if name not in ("seconds", "times")} for line in lines]


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Stage:
    return Stage(tmp_path_factory.mktemp("stages"))

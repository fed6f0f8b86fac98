"""Temporary files of stages and commands."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from eatnas_tf.errors import InputError
from eatnas_tf.stages.temporary import files_in, files_of_command

CHILD = "import tempfile; print(tempfile.mkstemp()[1])"


def test_temporary_files_of_a_process_and_its_children_lie_in_the_folder_and_are_removed(tmp_path) -> None:
    before, folder = (tempfile.gettempdir(), os.environ.get("TMPDIR")), tmp_path / "tmp"
    with files_in(folder):
        ours = tempfile.mkstemp()[1]
        theirs = subprocess.run(
            [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True
        ).stdout
        assert {Path(ours).parent, Path(theirs).parent} == {folder}
    assert not folder.exists()
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path) -> None:
    (tmp_path / "tmp" / "deep").mkdir(parents=True)
    (tmp_path / "tmp" / "deep" / "left.py").touch()
    with files_in(tmp_path / "tmp"):
        assert list((tmp_path / "tmp").iterdir()) == []


def test_the_folder_is_removed_when_the_block_raises(tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt), files_in(tmp_path / "tmp"):
        raise KeyboardInterrupt
    assert not (tmp_path / "tmp").exists()


def test_a_machine_without_a_folder_for_temporary_files_needs_none_for_a_stage(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", _nowhere)
    with files_in(tmp_path / "tmp"):
        tempfile.mkstemp()


def test_a_command_without_a_work_folder_says_that_it_needs_one(monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", _nowhere)
    with pytest.raises(InputError, match="set TMPDIR to a folder that can be written"), files_of_command():
        pass


def test_sigterm_ends_a_command_and_its_temporary_files(tmp_path) -> None:
    code = (
        "import os, signal, tempfile\n"
        "from eatnas_tf.stages.temporary import files_of_command\n"
        "with files_of_command():\n"
        "    tempfile.mkstemp()\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False
    )
    assert done.returncode == 143
    assert list(tmp_path.iterdir()) == []


def _nowhere() -> str:
    raise FileNotFoundError("No usable temporary directory found")

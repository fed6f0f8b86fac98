"""The package in a clone, beside a copy that is installed or none."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eatnas_tf
import eatnas_tf.flags
import eatnas_tf.mutations

NAMES = "import eatnas_tf, eatnas_tf.mutations.primitive, eatnas_tf.flags.presets as p; print(p.names()[0])"


@pytest.fixture
def clone(tmp_path) -> Path:
    """A checkout's layout, without any install of its own."""
    for package, name in (
        (eatnas_tf, "eatnas_tf"),
        (eatnas_tf.flags, "flags"),
        (eatnas_tf.mutations, "mutations"),
    ):
        shutil.copytree(package.__path__[0], tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for inside in ("flags", "mutations"):  # where a wheel has them
        shutil.rmtree(tmp_path / "eatnas_tf" / inside, ignore_errors=True)
    (tmp_path / "setup.py").touch()
    return tmp_path


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that is without the finders of editable installs."""
    start = (
        "import sys; sys.meta_path = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]; "
        f"sys.path.insert(0, {str(folder)!r}); "
    )
    return subprocess.run(
        [sys.executable, "-c", start + arguments[0]], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_clone_finds_its_parts_that_lie_beside_the_package(clone) -> None:
    done = python(clone, f"{NAMES}; print(eatnas_tf.__file__, p.__file__)")
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()[1:]
    assert [str(Path(file).relative_to(clone)) for file in files] == [
        "eatnas_tf/__init__.py",
        "flags/presets.py",
    ]


def test_a_command_answers_from_a_clone(clone) -> None:
    run = "runpy.run_module('eatnas_tf.bin.search', run_name='__main__')"
    done = python(clone, f"import runpy; sys.argv = ['search', '--help']; {run}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--population" in done.stdout


def test_a_folder_that_is_no_checkout_lends_nothing(clone) -> None:
    (clone / "setup.py").unlink()
    done = python(clone, "import eatnas_tf; print([one for one in sys.meta_path if 'Beside' in repr(one)])")
    assert done.stdout == "[]\n"


def test_a_clone_without_what_it_needs_says_what_to_do(clone) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "eatnas_tf.bin.search", "--help"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("-m pip install -e .\n")
    assert len(done.stderr.splitlines()) == 1

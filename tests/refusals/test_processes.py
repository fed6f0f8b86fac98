"""A case of some subjects in a process of its own, which is what a person starts."""

import subprocess
import sys

import pytest

from eatnas_tf.bin import search

from . import test_codes, test_folders, test_journals, test_loaded_models, test_models, test_plugins
from .commands import SEARCH
from .harness import Case, check, message_of, tree

SUBJECTS = {
    "codes": test_codes,
    "folders": test_folders,
    "models": test_models,
    "plugins": test_plugins,
    "journals": test_journals,
    "lambda": test_loaded_models,
}
CASES = {
    "another binary's flag": Case(search, (*SEARCH, "--from=old"), "Unknown command line flag 'from'…"),
    **{subject: module.CASES[-1] for subject, module in SUBJECTS.items()},
}
SLOW = "lambda"  # it loads TensorFlow


@pytest.mark.parametrize(
    "subject", [pytest.param(one, marks=[pytest.mark.slow] * (one == SLOW)) for one in CASES]
)
def test_a_process_of_its_own_says_the_same(subject, sound, tmp_path, monkeypatch) -> None:
    case = CASES[subject]
    monkeypatch.chdir(tmp_path)
    case.files(sound)
    before = tree(tmp_path)
    command = [sys.executable, "-m", case.binary.__name__, *case.arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert tree(tmp_path) == before
    check(case, message_of(case, done.stderr))

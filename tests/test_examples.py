"""The examples run as they are."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
TABULAR, FROM_PYTHON = EXAMPLES / "tabular.py", EXAMPLES / "from_python.py"


@pytest.mark.skipif(not TABULAR.exists(), reason="the examples lie in a checkout only")
@pytest.mark.parametrize("perturbation", ["one_block", "every_block"])
def test_the_tabular_example_searches_a_table(tmp_path, perturbation) -> None:
    codes = np.array(list(itertools.product(range(3), repeat=8)), np.int8)
    rng = np.random.default_rng(0)
    accuracies = 80 + codes.sum(1, keepdims=True) * 0.8 + rng.normal(0, 0.2, (len(codes), 3))
    table = tmp_path / "table.npz"
    np.savez(table, arch=codes, test_acc=accuracies)
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            str(TABULAR),
            f"--table={table}",
            "--seeds=2",
            f"--perturbation={perturbation}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    *regrets, cost = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in regrets] == [
        "after  50 evaluations",
        "after 100 evaluations",
        "after 200 evaluations",
    ]
    assert all(0 <= float(line.partition("regret ")[2].split()[0]) <= 13 for line in regrets)
    assert cost.startswith("the search itself: ")
    assert not {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()} & {
        "tensorflow",
        "keras",
    }


@pytest.mark.slow
@pytest.mark.skipif(not FROM_PYTHON.exists(), reason="the examples lie in a checkout only")
def test_the_job_from_python_runs_as_a_script_with_its_own_part_callback_and_datasets(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, str(FROM_PYTHON)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, measured, by_model = done.stdout.splitlines()
    assert 30 < float(measured.rpartition("top-1 ")[2].removesuffix(" %")) <= 100
    assert 0.3 < float(by_model.rpartition(" ")[2]) <= 1
    journal = (tmp_path / "runs" / "python" / "1-search" / "journal.jsonl").read_text()
    assert len(journal.splitlines()) == 1 + 4 + 6
    assert "given:" in (tmp_path / "runs" / "python" / "1-search" / "config.json").read_text()

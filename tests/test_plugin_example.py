"""The example of a stranger's package, installed into an environment of its own and used in a real search."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"
pytestmark = [
    pytest.mark.skipif(not EXAMPLE.exists(), reason="the examples lie in a checkout only"),
    pytest.mark.slow,
]

TINY = (
    "--train_examples=300",
    "--image_size=14",
    "--strides=2,2",
    "--stem_filters=4",
    "--head_filters=8",
    "--batch_size=64",
)
SPACE = ("--blocks=2", "--primitives=squeeze", "--conv_choices=sep,fused4", "--depth_choices=1,2")
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """Runs binaries in an environment that has the example beside what this one has."""
    folder = tmp_path_factory.mktemp("stranger")
    shutil.copytree(EXAMPLE, folder / "package")  # pip builds in place
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    shared = sysconfig.get_paths()["purelib"]
    (site / "shared.pth").write_text(f"import site; site.addsitedir({str(shared)!r})\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run(
        [*pip, "--disable-pip-version-check", "--no-build-isolation", folder / "package"], check=True
    )

    def run(name: str, *flags: str) -> subprocess.CompletedProcess:
        command = [python, "-m", f"eatnas_tf.bin.{name}", *flags]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    run.folder = folder
    return run


def journal(run: Run, workdir: str) -> list[dict]:
    return [
        json.loads(line) for line in (run.folder / workdir / "journal.jsonl").read_text().splitlines()[1:]
    ]


def test_all_parts_of_the_package_hold(run) -> None:
    done = run("check_plugins", "--parts=next_kernel,swap_blocks,fused4,squeeze,activations")
    assert done.stdout.splitlines()[-1] == "all hold"
    assert "inherits wider, narrower, deeper" in done.stdout


def test_the_parts_are_counted_and_shown(run) -> None:
    with_gate, without = (
        json.loads(run("describe", f"--architecture={code}", *FRAME, "--format=json").stdout)
        for code in ("fused4_k3_s1_w1.0_d1_se4", "fused4_k3_s1_w1.0_d1")
    )
    inputs, hidden = 4, 16
    assert with_gate["layers"][1]["op"] == "fused4"
    gate = 2 * hidden * hidden // 4 + hidden + hidden // 4
    assert with_gate["params"] - without["params"] == gate
    assert without["layers"][1]["params"] == 9 * inputs * hidden + 2 * hidden + hidden * inputs + 2 * inputs
    table = run("describe", "--architecture=fused4_k3_s1_w1.0_d1_se4", *FRAME).stdout
    assert "fused4_k3_s1_w1.0_d1_se4" in table


FRAME = ("--image_size=14", "--strides=1", "--stem_filters=4", "--head_filters=8", "--channels=1")


def test_a_search_a_transfer_and_a_retraining_use_the_parts(run) -> None:
    searched = run(
        "search", *TINY, *SPACE, "--workdir=a", "--population=4", "--sample=2", "--cycles=4", "--workers=1",
        "--mutations=next_kernel,squeeze,conv,width", "--objective=activations", "--target=5000", "--top_k=1",
        "--seed_architectures=fused4_k3_s1_w1.0_d1_se4-sep_k3_s1_w1.0_d1",
    )  # fmt: skip
    lines = journal(run, "a")
    assert lines[0]["architecture"] == "fused4_k3_s1_w1.0_d1_se4-sep_k3_s1_w1.0_d1_se0"
    assert lines[0]["size"] == 14 * 14 * 4 + 7 * 7 * 4 + 4 * 4 * 4
    children = [line for line in lines if line["parent"] is not None]
    mutated = {name for line in children for _, name, *_ in line["mutated"]}
    assert len(children) == 4
    assert mutated <= {"kernel", "squeeze", "conv", "width"}
    assert all(sum(line["inherited"].values()) > 0 for line in children)
    assert "_se" in searched.stdout
    run(
        "transfer", *TINY, *SPACE, "--workdir=b", "--population=2", "--sample=2", "--cycles=1", "--workers=1",
        "--from=a", "--perturbation=swap_blocks", "--objective=activations", "--target=5000", "--top_k=1",
        "--seed_architectures=fused4_k3_s1_w1.0_d1_se4-sep_k3_s1_w1.0_d1",
    )  # fmt: skip
    assert all("_se" in line["architecture"] for line in journal(run, "b"))
    run("retrain", *TINY, "--workdir=c", "--from=b", "--top_k=1")
    measured = json.loads(run("evaluate", "--from=c", "--format=json").stdout)
    assert "_se" in measured["architecture"]


def test_a_file_of_parts_needs_no_package(run) -> None:
    (run.folder / "my_ops.py").write_text(
        "from example_parts import fused4\nPARTS = {'conv_ops': {'mine': fused4}}\n"
    )
    code = "--architecture=mine_k3_s1_w1.0_d1"
    assert "mine_k3_s1_w1.0_d1" in run("describe", "--plugins=my_ops.py", code, *FRAME).stdout

"""The machine that figures belong to, and how fast it multiplies matrices.

Run by itself, this module prints the GFLOP/s of the threads that NumPy is given.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from eatnas_tf.stages.devices import cores

PACKAGES = ("eatnas_tf", "tensorflow", "keras", "keras-tuner", "torch", "numpy")
SIDE = 1024
SECONDS = 1.5
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}
ROOT = Path(__file__).parents[1]


def describe() -> dict[str, Any]:
    """What a reader needs to know of this machine, with `peak_gflops`: one thread's, times cores."""
    one_thread = measured_gflops()
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "date": date.today().isoformat(),
        "system": platform.platform(),
        "gflops_one_thread": one_thread,
        "peak_gflops": one_thread * cores(),
        "versions": {"python": platform.python_version(), **_versions(PACKAGES)},
    }


def measured_gflops() -> float:
    """GFLOP/s of one thread on the product of two float32 matrices of 1024 x 1024."""
    command = [sys.executable, "-m", "benchmarks.machine"]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _gflops() -> float:
    """The best of as many products as fit into a second and a half."""
    left, right = (np.random.default_rng(seed).random((SIDE, SIDE), np.float32) for seed in range(2))
    out, best, end = np.empty_like(left), float("inf"), perf_counter() + SECONDS
    while perf_counter() < end:
        begun = perf_counter()
        np.matmul(left, right, out=out)
        best = min(best, perf_counter() - begun)
    return 2 * SIDE**3 / best / 1e9


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    print(_gflops())

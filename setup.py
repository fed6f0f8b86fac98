"""Packaging of eatnas_tf. `mutations/` and `flags/` lie at the top level and install inside the package."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PACKAGE = (ROOT / "eatnas_tf" / "__init__.py").read_text(encoding="utf-8")
VERSION = re.search(r'__version__ = "(.+)"', PACKAGE)[1]

setup(
    name="eatnas_tf",
    version=VERSION,
    description="Elastic architecture transfer for neural architecture search (EAT-NAS) in TensorFlow",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=[*find_packages(include=["eatnas_tf", "eatnas_tf.*"]), "eatnas_tf.mutations", "eatnas_tf.flags"],
    package_dir={"eatnas_tf.mutations": "mutations", "eatnas_tf.flags": "flags"},
    package_data={
        "eatnas_tf": ["py.typed"],
        "eatnas_tf.data": ["*.npz", "*.md"],
        "eatnas_tf.flags": ["presets/*.flags"],
        "eatnas_tf.reporting.report": ["*.jinja"],
        "eatnas_tf.stages": ["plugin_skeleton/*.template"],
    },
    install_requires=[  # lower bounds: tests/versions/lowest.txt, which .ci/lowest tests
        "tensorflow>=2.18",
        "keras>=3.10",
        "tensorflow-datasets>=4.9.7",
        "importlib_resources",  # tensorflow-datasets imports it without declaring it
        "absl-py>=2.1",
        "cloudpickle>=3.0",  # parts and datasets made in a script or notebook, for the workers
        "numpy>=1.26.4",
        "tensorboard>=2.18",
        "filelock>=3.12",
        "matplotlib>=3.8",  # pictures
        "pillow>=10.3",  # headers of image files without TensorFlow, and 16 bits, palettes, rotations
        "rich>=13.7",
        "jinja2>=3.1",  # the report's page
        "itables>=2.9,<3",  # DataTables for it, as files; nothing of its own is imported but where they are
    ],
    extras_require={
        "dev": [
            "build",
            "hypothesis",
            "mypy",
            "pytest",
            "pytest-xdist",
            "ruff",
            "selenium>=4.20",
            "setuptools>=68",
        ],
        "benchmarks": ["keras-tuner==1.4.8"],  # and torch, where its table should have that row
    },
    entry_points={
        "eatnas_tf.mutations": [
            f"{name} = eatnas_tf.mutations.primitive:{name}"
            for name in ("conv", "kernel", "skip", "width", "depth")
        ],
        "eatnas_tf.perturbations": [
            "every_block = eatnas_tf.mutations.perturb:every_block",
            "one_block = eatnas_tf.mutations.perturb:one_block",
            "random = eatnas_tf.mutations.perturb:random",
        ],
        "eatnas_tf.conv_ops": [
            "sep = eatnas_tf.layers.conv_ops:separable",
            "mb1 = eatnas_tf.layers.conv_ops:mb1",
            "mb3 = eatnas_tf.layers.conv_ops:mb3",
            "mb6 = eatnas_tf.layers.conv_ops:mb6",
        ],
        "eatnas_tf.primitives": [
            f"{name.lower()} = eatnas_tf.space.primitives:{name}"
            for name in ("CONV", "KERNEL", "SKIP", "WIDTH", "DEPTH")
        ],
        "eatnas_tf.strategies": [
            "evolution = eatnas_tf.strategies.evolution:evolution",
            "local_search = eatnas_tf.strategies.local_search:local_search",
            "random = eatnas_tf.strategies.random_search:random_search",
        ],
        "eatnas_tf.objectives": [
            "params = eatnas_tf.layers.objectives:params",
            "mult_adds = eatnas_tf.layers.objectives:mult_adds",
        ],
    },
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)

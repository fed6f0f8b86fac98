"""A package of parts for eatnas_tf: `pip install .`, and every binary knows them by name."""

from setuptools import setup

setup(
    name="example-parts",
    version="1.0",
    py_modules=["example_parts"],
    install_requires=["eatnas_tf"],
    entry_points={
        "eatnas_tf.mutations": ["next_kernel = example_parts:next_kernel"],
        "eatnas_tf.perturbations": ["swap_blocks = example_parts:swap_blocks"],
        "eatnas_tf.conv_ops": ["fused4 = example_parts:fused4"],
        "eatnas_tf.primitives": ["squeeze = example_parts:SQUEEZE"],
        "eatnas_tf.objectives": ["activations = example_parts:activations"],
    },
)

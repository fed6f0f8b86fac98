"""Elastic architecture transfer for neural architecture search (EAT-NAS, arXiv 1901.05884)."""

import os

__version__ = "0.1.0"

# TensorFlow and Keras read these once, at their first import. Some CPUs have oneDNN off by default.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

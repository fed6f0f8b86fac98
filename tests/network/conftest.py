"""The folder's tests run TensorFlow, which wants its devices set up before its first operation."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _devices(strategy):
    return strategy

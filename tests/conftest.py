"""What the tests of every folder share."""

from contextlib import contextmanager

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def strategy():
    """The one strategy of the process; whoever uses TensorFlow asks for it first."""
    from eatnas_tf.training.strategy import configure

    return configure("one_device")


@pytest.fixture(scope="session")
def full_after():
    """A context in which a file takes so many bytes and no more: as on a disk that fills up."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(size: int):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited

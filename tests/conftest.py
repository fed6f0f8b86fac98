"""What the tests of every folder share."""

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def strategy():
    """The one strategy of the process; whoever uses TensorFlow asks for it first."""
    from eatnas_tf.training.strategy import configure

    return configure("one_device")

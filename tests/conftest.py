"""What the tests of every folder share."""

import pytest


@pytest.fixture(scope="session")
def strategy():
    """The one strategy of the process; whoever uses TensorFlow asks for it first."""
    from eatnas_tf.training.strategy import configure

    return configure("one_device")

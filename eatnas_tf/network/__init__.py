"""From specs to Keras: building, initial weights, inheritance and weight files.

Importing this package does not import TensorFlow; `builder` and `batch_norm` do, and so does `keras_model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eatnas_tf.layers import Network

if TYPE_CHECKING:
    import keras


def keras_model(network: Network) -> keras.Model:
    """The network in layers of Keras only, with fresh weights: what an objective can measure.

    It maps normalised float32 images (count, size, size, channels) to logits.
    """
    from eatnas_tf.network.builder import build  # loads TensorFlow
    from eatnas_tf.network.keras_layers import keras_layer

    return build(network, keras_layer)

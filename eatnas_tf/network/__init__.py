"""From specs to Keras: building, initial weights, inheritance and weight files.

Importing this package does not import TensorFlow; `builder` and `batch_norm` do.
"""

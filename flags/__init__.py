"""Command-line flags by concern; each module's `config()` makes a frozen value of `eatnas_tf.configs`."""

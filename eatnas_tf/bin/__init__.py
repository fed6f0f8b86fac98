"""One absl main a stage; run as `python -m eatnas_tf.bin.NAME`."""

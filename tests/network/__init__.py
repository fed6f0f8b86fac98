"""Tests of what becomes of specs in Keras. `cells` has units of published networks, written as specs."""

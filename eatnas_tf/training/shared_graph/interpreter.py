"""Runs a program forwards and backwards: loops over its units, each a branch by its kind.

The backward pass is written out by hand, unit by unit. So nothing is differentiated through a loop, and every
unit keeps just what its gradient needs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from eatnas_tf.network.kernels import relu
from eatnas_tf.training.shared_graph import units
from eatnas_tf.training.shared_graph.program import Column

plainly = tf.autograph.experimental.do_not_convert  # nothing here is for AutoGraph, which triples the trace


class Tape(NamedTuple):
    """What the backward pass needs of every unit: one TensorArray each."""

    features: Any
    seen: Any
    activated: Any
    statistics: Any
    reserved: Any


RANKS = Tape(4, 4, 4, 2, None)


class Moments(NamedTuple):
    """Means and variances of every unit's batch normalisation, flat."""

    means: Any
    variances: Any


@plainly
def forward(table: Any, weights: Any, images: Any) -> tuple[Any, Moments, Tape]:
    """Features of a training batch, its moments, and the tape for `backward`.

    `table` is a program's, `weights` its flat trained vector; images (batch, height, width, channels).
    """
    count = tf.shape(table)[0]

    def unit(number: Any, features: Any, bypass: Any, moments: Moments, tape: Tape) -> Any:
        row = table[number]
        result = units.run(row, features, units.variables(row, weights))
        outputs, activated = tf.cond(
            row[Column.RELU] > 0,
            lambda: (relu(result.outputs),) * 2,
            lambda: (result.outputs, units.nothing()),
        )
        moments = Moments(
            moments.means.write(number, result.mean), moments.variances.write(number, result.variance)
        )
        kept = (features, result.seen, activated, result.statistics, result.reserved)
        tape = Tape(*(array.write(number, value) for array, value in zip(tape, kept, strict=True)))
        features, bypass = _joined(row, features, bypass, outputs)
        return number + 1, features, bypass, moments, tape

    moments = Moments(_array(count, 1), _array(count, 1))
    tape = Tape(*(_array(count, rank) for rank in RANKS))
    _, features, _, moments, tape = _loop(count, unit, 0, images, units.nothing(), moments, tape)
    return features, Moments(moments.means.concat(), moments.variances.concat()), tape


@plainly
def backward(table: Any, weights: Any, tape: Tape, gradient: Any) -> Any:
    """Gradient by the units' part of `weights`, flat, from the gradient by the features."""
    count = tf.shape(table)[0]

    def unit(done: Any, gradient: Any, bypass: Any, pieces: Any) -> Any:
        number = count - 1 - done
        row = table[number]
        features, seen, activated, statistics, reserved = (array.read(number) for array in tape)
        bypass = _if(row, Column.ADD, lambda: gradient, bypass)
        outputs = _if(row, Column.TO_BYPASS, lambda: bypass, gradient)
        outputs = _if(
            row, Column.RELU, lambda: tf.raw_ops.ReluGrad(gradients=outputs, features=activated), outputs
        )
        result = units.Result(None, None, None, seen, statistics, reserved)
        by_features, by_own = units.gradients(
            row, features, units.variables(row, weights), result, outputs, number == 0
        )
        by_features = _if(row, Column.TO_BYPASS, lambda: gradient + by_features, by_features)
        by_features = _if(row, Column.KEEP, lambda: bypass + by_features, by_features)
        return done + 1, by_features, bypass, pieces.write(number, by_own)

    *_, pieces = _loop(count, unit, 0, gradient, units.nothing(), _array(count, 1))
    return pieces.concat()


@plainly
def infer(table: Any, weights: Any, moving: Moments, images: Any) -> Any:
    """Features of images by the moving statistics."""
    count = tf.shape(table)[0]

    def unit(number: Any, features: Any, bypass: Any) -> Any:
        row = table[number]
        start, channels = row[Column.MOVING], row[Column.CHANNELS]
        means, variances = (vector[start : start + channels] for vector in moving)
        outputs = units.inferred(row, features, units.variables(row, weights), means, variances)
        outputs = _if(row, Column.RELU, lambda: relu(outputs), outputs)
        return number + 1, *_joined(row, features, bypass, outputs)

    return _loop(count, unit, 0, images, units.nothing())[1]


def _joined(row: Any, features: Any, bypass: Any, outputs: Any) -> tuple[Any, Any]:
    """Features and bypass after a unit."""
    bypass = _if(row, Column.KEEP, lambda: features, bypass)
    bypass = _if(row, Column.TO_BYPASS, lambda: outputs, bypass)
    outputs = _if(row, Column.ADD, lambda: outputs + bypass, outputs)
    return _if(row, Column.TO_BYPASS, lambda: features, outputs), bypass


def _if(row: Any, column: Column, then: Any, otherwise: Any) -> Any:
    """`then()` where the row's flag is set, else the tensor as it is; both of rank 4."""
    chosen = tf.cond(row[column] > 0, then, lambda: otherwise)
    chosen.set_shape([None] * 4)
    return chosen


def _loop(count: Any, unit: Any, *state: Any) -> Any:
    shapes = tf.nest.map_structure(_invariant, state)
    return tf.while_loop(lambda number, *_: number < count, unit, state, shapes, parallel_iterations=1)


def _invariant(value: Any) -> Any:
    """Features change their shape from unit to unit; a number and an array do not."""
    if isinstance(value, tf.TensorArray):
        return None
    return tf.TensorShape([] if isinstance(value, int) else [None] * 4)


def _array(count: Any, rank: int | None) -> Any:
    """One tensor a unit, of any shape of this rank."""
    shape = tf.TensorShape(None if rank is None else [None] * rank)
    return tf.TensorArray(tf.float32, count, clear_after_read=False, infer_shape=False, element_shape=shape)

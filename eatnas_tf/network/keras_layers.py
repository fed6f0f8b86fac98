"""Specs as stock Keras layers."""

from __future__ import annotations

from functools import singledispatch

import keras

from eatnas_tf.layers import specs as kinds
from eatnas_tf.network.batch_norm import EPSILON, MOMENTUM


@singledispatch
def keras_layer(spec: kinds.Spec, name: str) -> keras.layers.Layer:
    """The stock layer of a spec. Raises TypeError if it has none."""
    raise TypeError(f"{name}: no Keras layer for {type(spec).__name__}; use KerasLayer(factory, …)")


@keras_layer.register
def _(spec: kinds.Conv, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(
        spec.outputs,
        spec.kernel,
        spec.stride,
        spec.padding,
        groups=spec.groups,
        dilation_rate=spec.dilation,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )


@keras_layer.register
def _(spec: kinds.Depthwise, name: str) -> keras.layers.Layer:
    return keras.layers.DepthwiseConv2D(
        spec.kernel,
        spec.stride,
        spec.padding,
        dilation_rate=spec.dilation,
        use_bias=False,
        depthwise_initializer="he_normal",
        name=name,
    )


@keras_layer.register
def _(spec: kinds.BatchNorm, name: str) -> keras.layers.Layer:
    return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)


@keras_layer.register
def _(spec: kinds.Activation, name: str) -> keras.layers.Layer:
    return keras.layers.Activation(spec.kind, name=name)


@keras_layer.register
def _(spec: kinds.Add, name: str) -> keras.layers.Layer:
    return keras.layers.Add(name=name)


@keras_layer.register
def _(spec: kinds.Concatenate, name: str) -> keras.layers.Layer:
    return keras.layers.Concatenate(name=name)


@keras_layer.register
def _(spec: kinds.MaxPool, name: str) -> keras.layers.Layer:
    return keras.layers.MaxPooling2D(spec.kernel, spec.stride, spec.padding, name=name)


@keras_layer.register
def _(spec: kinds.AveragePool, name: str) -> keras.layers.Layer:
    return keras.layers.AveragePooling2D(spec.kernel, spec.stride, spec.padding, name=name)


@keras_layer.register
def _(spec: kinds.ZeroPad, name: str) -> keras.layers.Layer:
    return keras.layers.ZeroPadding2D(((spec.before, spec.behind),) * 2, name=name)


@keras_layer.register
def _(spec: kinds.GlobalAveragePool, name: str) -> keras.layers.Layer:
    return keras.layers.GlobalAveragePooling2D(name=name)


@keras_layer.register
def _(spec: kinds.Dropout, name: str) -> keras.layers.Layer:
    return keras.layers.Dropout(spec.rate, seed=0, name=name)


@keras_layer.register
def _(spec: kinds.Dense, name: str) -> keras.layers.Layer:
    return keras.layers.Dense(spec.outputs, kernel_initializer="he_normal", name=name)


@keras_layer.register
def _(spec: kinds.KerasLayer, name: str) -> keras.layers.Layer:
    return spec.factory(name)

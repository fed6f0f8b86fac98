"""Graphs of specs as Keras tensors: each spec's layer, called with what the spec takes.

Some specs take several stock layers, as there is none for them or TensorFlow's is wrong. The one that has the
weights, if any has, keeps the spec's name; the others are called `{name}_…`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial, singledispatch
from typing import Any

import keras

from eatnas_tf.layers import specs as kinds

LayerOf = Callable[[kinds.Spec, str], keras.layers.Layer]
FreeName = Callable[[str], str]


def output_of(
    steps: Sequence[kinds.Step],
    inputs: Sequence[Any],
    layer_of: LayerOf,
    prefix: str = "",
    taken: Iterable[str] = (),
) -> Any:
    """The last spec's tensor, the first input if there are no specs.

    Layers are named `prefix` + the spec's name. `taken` are further names that no helper layer may have.
    """
    names = {*taken, *(prefix + step.spec.name for step in steps)}
    helper = partial(free, taken=names)
    tensors, result = dict(zip(kinds.input_names(len(inputs)), inputs, strict=True)), inputs[0]
    for step in steps:
        sources = [tensors[name] for name in step.sources]
        result = _applied(step.spec, prefix + step.spec.name, sources, layer_of, helper)
        tensors[step.spec.name] = result
    return result


def shape_of(tensor: Any) -> kinds.Shape:
    """The shape that specs know of a Keras tensor (batch, height, width, channels) or (batch, channels)."""
    if len(tensor.shape) == 2:
        return kinds.Shape(1, 1, tensor.shape[1], vector=True)
    return kinds.Shape(*tensor.shape[1:])


def free(name: str, taken: Iterable[str]) -> str:
    """`name`, or the first one like it that is not taken."""
    while name in taken:
        name += "_"
    return name


@singledispatch
def _applied(spec: kinds.Spec, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    return layer_of(spec, name)(sources if len(sources) > 1 else sources[0])


@_applied.register
def _(spec: kinds.Gate, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    (tensor,) = sources
    steps = kinds.walk(spec.specs, shape_of(tensor))
    factors = output_of(steps, sources, layer_of, f"{name}_")
    factors = keras.layers.Reshape((1, 1, factors.shape[-1]), name=helper(f"{name}_factors"))(factors)
    return keras.layers.Multiply(name=helper(f"{name}_product"))([tensor, factors])


@_applied.register
def _(spec: kinds.Conv, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    return _convolved(spec, name, sources[0], layer_of, helper)


@_applied.register
def _(spec: kinds.Depthwise, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    return _convolved(spec, name, sources[0], layer_of, helper)


@_applied.register
def _(spec: kinds.Subsample, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    (tensor,) = sources
    if spec.offset:
        pad, crop = ((0, spec.offset),) * 2, ((spec.offset, 0),) * 2
        tensor = keras.layers.ZeroPadding2D(pad, name=helper(f"{name}_padded"))(tensor)
        tensor = keras.layers.Cropping2D(crop, name=helper(f"{name}_shifted"))(tensor)
    return _subsampled(tensor, spec.stride, name)


@_applied.register
def _(spec: kinds.ChannelSplit, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    # Cropping "channels first" crops the last two axes, which are width and channels here.
    (tensor,) = sources
    crop = ((0, 0), (spec.start, tensor.shape[-1] - spec.stop))
    return keras.layers.Cropping2D(crop, data_format="channels_first", name=name)(tensor)


@_applied.register
def _(spec: kinds.ChannelShuffle, name: str, sources: list[Any], layer_of: LayerOf, helper: FreeName) -> Any:
    (tensor,) = sources
    height, width, channels = tensor.shape[1:]
    grouped = (height, width, spec.groups, channels // spec.groups)
    tensor = keras.layers.Reshape(grouped, name=helper(f"{name}_groups"))(tensor)
    tensor = keras.layers.Permute((1, 2, 4, 3), name=helper(f"{name}_turned"))(tensor)
    return keras.layers.Reshape((height, width, channels), name=name)(tensor)


def _convolved(
    spec: kinds.Conv | kinds.Depthwise, name: str, tensor: Any, layer_of: LayerOf, helper: FreeName
) -> Any:
    """A convolution whose gradients are right on every CPU, for any stride and dilation.

    TensorFlow 2.21's oneDNN kernel for the weight gradient of a strided 1x1 convolution is wrong on AVX2 CPUs
    (it writes out of bounds, too). Taking every stride-th pixel first is the same function. The same goes
    for a stride that divides the dilation; Keras refuses the two together.
    """
    stride, kernel = kinds.pair(spec.stride), kinds.pair(spec.kernel)
    if max(stride) == 1 or (kernel != (1, 1) and spec.dilation == 1):
        return layer_of(spec, name)(tensor)
    padding = spec.padding
    if spec.dilation > 1 and padding == "same":
        pad, padding = _same_padding(spec, tensor.shape[1:3]), "valid"
        tensor = keras.layers.ZeroPadding2D(pad, name=helper(f"{name}_padded"))(tensor)
    tensor = _subsampled(tensor, spec.stride, helper(f"{name}_subsample"))
    dilation = max(spec.dilation // stride[0], 1)
    return layer_of(replace(spec, stride=1, padding=padding, dilation=dilation), name)(tensor)


def _same_padding(spec: kinds.Conv | kinds.Depthwise, size: kinds.Size) -> list[tuple[int, int]]:
    """Zeros before and behind the rows and the columns, as Keras's `same` pads for a stride and dilation."""
    pads = []
    sides = zip(size, spec.output_size(size), kinds.pair(spec.kernel), kinds.pair(spec.stride), strict=True)
    for side, windows, kernel, stride in sides:
        total = max((windows - 1) * stride + (kernel - 1) * spec.dilation + 1 - side, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def _subsampled(tensor: Any, stride: kinds.Sides, name: str) -> Any:
    return keras.layers.AveragePooling2D(1, stride, name=name)(tensor)

"""A PyTorch module from specs, which computes what the Keras model of the same specs computes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

import torch
from torch import nn
from torch.nn import functional

from eatnas_tf.layers import Network, Spec
from eatnas_tf.layers import specs as kinds
from eatnas_tf.layers.specs import Size


class Residual(nn.Module):
    """The sum of two ways, the second of which may be the identity."""

    def __init__(self, main: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.main(images) + self.shortcut(images)


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow does where that takes more on one side than on the other."""

    def __init__(self, *args: int, before_after: tuple[int, int], **kwargs: int | bool) -> None:
        super().__init__(*args, **kwargs)
        self._pad = before_after * 2

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(functional.pad(images, self._pad))


class ChannelsLast(nn.Module):
    """Fixes the memory format, which an image of one channel leaves open."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.contiguous(memory_format=torch.channels_last)


def build(network: Network) -> nn.Module:
    """Whitened images (batch, channels, size, size) to logits. Fresh He-normal weights, channels last."""
    size = (network.frame.image_size,) * 2
    stem, size = _chain(network.stem, size)
    parts = [stem, ChannelsLast()]
    for layer in network.layers:
        main, after = _chain(layer.specs, size)
        parts.append(main if layer.shortcut is None else Residual(main, _chain(layer.shortcut, size)[0]))
        size = after
    parts.append(_chain(network.head, size)[0])
    model = nn.Sequential(*parts)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    return model.to(memory_format=torch.channels_last)


def _chain(specs: Iterable[Spec], size: Size) -> tuple[nn.Sequential, Size]:
    modules = []
    for spec in specs:
        modules.append(_module(spec, size))
        size = spec.output_size(size)
    return nn.Sequential(*modules), size


@singledispatch
def _module(spec: Spec, size: Size) -> nn.Module:
    raise TypeError(f"{spec.name}: no module for {type(spec).__name__}")


@_module.register
def _(spec: kinds.Conv, size: Size) -> nn.Module:
    return _convolution(spec.inputs, spec.outputs, spec.kernel, spec.stride, size[0], groups=1)


@_module.register
def _(spec: kinds.Depthwise, size: Size) -> nn.Module:
    return _convolution(spec.channels, spec.channels, spec.kernel, spec.stride, size[0], spec.channels)


@_module.register
def _(spec: kinds.BatchNorm, size: Size) -> nn.Module:
    return nn.BatchNorm2d(spec.channels, eps=2e-5, momentum=0.1)


@_module.register
def _(spec: kinds.Activation, size: Size) -> nn.Module:
    if spec.kind != "relu":
        raise TypeError(f"{spec.name}: no module for the activation {spec.kind}")
    return nn.ReLU(inplace=True)


@_module.register
def _(spec: kinds.GlobalAveragePool, size: Size) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


@_module.register
def _(spec: kinds.Dense, size: Size) -> nn.Module:
    return nn.Linear(spec.inputs, spec.outputs)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, side: int, groups: int) -> nn.Module:
    """A convolution on square images of `side` pixels, padded as TensorFlow's `same`."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before, after = total // 2, total - total // 2
    if before == after:
        return nn.Conv2d(inputs, outputs, kernel, stride, padding=before, groups=groups, bias=False)
    return SameConv2d(
        inputs, outputs, kernel, stride, groups=groups, bias=False, before_after=(before, after)
    )

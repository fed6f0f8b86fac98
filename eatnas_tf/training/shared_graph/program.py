"""Networks as programs: a table of units, and where each variable lies in the flat vectors of weights.

A unit is a convolution with its batch normalisation, perhaps a ReLU, and what it does with the shortcut. Two
tensors pass from unit to unit: the images' features, and the bypass that waits for the end of its layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from eatnas_tf.layers import Network
from eatnas_tf.layers import specs as kinds
from eatnas_tf.layers.specs import is_chain
from eatnas_tf.layers.structure import IMAGES
from eatnas_tf.network.initial import Weights

Place = tuple[str, tuple[int, ...]]

# The batch norm of a 1x1 convolution costs passes over its outputs; folded into the kernel it costs products
# of inputs x inputs. On AVX2 the second was measured to be cheaper up to so many squared inputs an output.
FOLDING = 64


class Kind(IntEnum):
    """What a unit convolves by; the strides and depthwise kernels that have a branch in the graph."""

    POINTWISE = 0
    CONV = 1
    CONV_2 = 2
    DEPTHWISE_3 = 3
    DEPTHWISE_5 = 4
    DEPTHWISE_7 = 5
    DEPTHWISE_3_2 = 6
    DEPTHWISE_5_2 = 7
    DEPTHWISE_7_2 = 8


class Column(IntEnum):
    """Columns of the table. Flags are 0 or 1; offsets count floats in the flat vectors.

    KEEP: the unit's input becomes the bypass. TO_BYPASS: the result becomes the bypass, not the features.
    ADD: the bypass is added to the result.
    """

    KIND = 0
    STRIDE = 1
    RELU = 2
    KEEP = 3
    TO_BYPASS = 4
    ADD = 5
    WEIGHTS = 6  # offset of the kernel; gamma and beta follow it
    KERNEL = 7
    INPUTS = 8
    OUTPUTS = 9
    CHANNELS = 10
    MOVING = 11  # offset of the moving mean, and of the moving variance in its own vector
    FOLDED = 12  # normalised without a look at the result, from the inputs' covariance


class UnsupportedError(Exception):
    """A network has something that the shared graph has no unit for; the message says what."""


@dataclass(frozen=True)
class Program:
    """A network for the interpreter. `table` is (units, columns) int32.

    `trained`, `means` and `variances` are the variables' names and shapes in the order of three flat vectors.
    """

    table: np.ndarray
    trained: tuple[Place, ...]
    means: tuple[Place, ...]
    variances: tuple[Place, ...]

    def flat(self, weights: Weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three vectors of `weights`, float32."""
        return tuple(  # type: ignore[return-value]
            np.concatenate([np.ravel(weights[name]) for name, _ in places], dtype=np.float32)
            for places in (self.trained, self.means, self.variances)
        )

    def named(self, vectors: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The variables of three flat vectors by name."""
        weights = {}
        for variables, vector in zip((self.trained, self.means, self.variances), vectors, strict=True):
            start = 0
            for name, shape in variables:
                weights[name] = vector[start : start + math.prod(shape)].reshape(shape)
                start += math.prod(shape)
        return weights

    def decayed(self) -> np.ndarray:
        """1 where the weight decay applies (kernels), else 0: float32, as long as the trained vector."""
        return np.concatenate(
            [np.full(math.prod(shape), name.endswith("/kernel"), np.float32) for name, shape in self.trained]
        )


def compiled(network: Network) -> Program:
    """The program of a network. Raises UnsupportedError."""
    if network.auxiliary:
        raise UnsupportedError("an auxiliary tower")
    *head, pool, dense = network.head
    if not isinstance(pool, kinds.GlobalAveragePool) or not isinstance(dense, kinds.Dense):
        raise UnsupportedError(f"a head that ends in {type(pool).__name__}, {type(dense).__name__}")
    _refuse_branches(network)
    writer = _Writer()
    writer.chain(network.stem)
    for layer in network.layers:
        if layer.shortcut:
            writer.chain(layer.shortcut, f"{layer.name}_", to_bypass=True)
        first = len(writer.rows)
        writer.chain(layer.specs, f"{layer.name}_")
        if layer.shortcut is not None:
            writer.rows[-1][Column.ADD] = 1
        if layer.shortcut == ():
            writer.rows[first][Column.KEEP] = 1
    writer.chain(head)
    writer.trained += [(f"{dense.name}/{variable.name}", variable.shape) for variable in dense.variables()]
    return Program(
        np.asarray(writer.rows, np.int32),
        tuple(writer.trained),
        tuple(writer.means),
        tuple(writer.variances),
    )


def _refuse_branches(network: Network) -> None:
    """Raises UnsupportedError unless the network is a chain of layers, each a chain of specs."""
    before = IMAGES
    for place in network.places:
        if place.sources != (before,) or not is_chain(place.steps) or not is_chain(place.bypass):
            raise UnsupportedError(f"the branches of {place.name}")
        before = place.name


class _Writer:
    """The units so far, and the places of their variables."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []
        self.trained: list[Place] = []
        self.means: list[Place] = []
        self.variances: list[Place] = []
        self._offset = self._moving = 0

    def chain(self, specs: Sequence[kinds.Spec], prefix: str = "", to_bypass: bool = False) -> None:
        """Units for a chain of specs, each a convolution with what follows it."""
        rest = list(specs)
        if not rest:
            raise UnsupportedError("a layer without any convolution")
        while rest:
            conv = rest.pop(0)
            kind = _kind(conv)
            norm = rest.pop(0) if rest else None
            if not isinstance(norm, kinds.BatchNorm):
                raise UnsupportedError(f"{prefix}{conv.name} without batch normalisation")
            relu = bool(rest) and isinstance(rest[0], kinds.Activation) and rest[0].kind == "relu"
            if relu:
                rest.pop(0)
            self._unit(conv, norm, kind, relu, prefix, to_bypass)

    def _unit(
        self,
        conv: kinds.Spec,
        norm: kinds.BatchNorm,
        kind: Kind,
        relu: bool,
        prefix: str,
        to_bypass: bool,
    ) -> None:
        (kernel,) = conv.variables()
        gamma, beta, mean, variance = norm.variables()
        row = [0] * len(Column)
        row[Column.KIND], row[Column.STRIDE] = kind, conv.stride  # type: ignore[attr-defined]
        row[Column.RELU], row[Column.TO_BYPASS] = relu, to_bypass
        row[Column.WEIGHTS], row[Column.MOVING] = self._offset, self._moving
        row[Column.KERNEL], _, row[Column.INPUTS], row[Column.OUTPUTS] = kernel.shape
        row[Column.CHANNELS] = norm.channels
        row[Column.FOLDED] = kind == Kind.POINTWISE and row[Column.INPUTS] ** 2 <= FOLDING * norm.channels
        self.rows.append(row)
        self.trained.append((f"{prefix}{conv.name}/{kernel.name}", kernel.shape))
        self.trained += [
            (f"{prefix}{norm.name}/{variable.name}", variable.shape) for variable in (gamma, beta)
        ]
        self.means.append((f"{prefix}{norm.name}/{mean.name}", mean.shape))
        self.variances.append((f"{prefix}{norm.name}/{variance.name}", variance.shape))
        self._offset += kernel.size + gamma.size + beta.size
        self._moving += norm.channels


def _kind(spec: kinds.Spec) -> Kind:
    """The unit for a convolution. Raises UnsupportedError."""
    match spec:
        case kinds.Conv(kernel=1, stride=int(), groups=1):
            return Kind.POINTWISE
        case kinds.Conv(kernel=int(), stride=1 | 2, padding="same", groups=1, dilation=1):
            return Kind.CONV if spec.stride == 1 else Kind.CONV_2
        case kinds.Depthwise(stride=1 | 2, padding="same", dilation=1):
            name = f"DEPTHWISE_{spec.kernel}" + ("" if spec.stride == 1 else "_2")
            if name in Kind.__members__:
                return Kind[name]
    raise UnsupportedError(f"{spec.name}: {type(spec).__name__}")

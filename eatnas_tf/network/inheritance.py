"""Weight inheritance between networks of different shape, in NumPy (Algorithm 3, Eq. 1 and 2)."""

from __future__ import annotations

from collections import Counter
from enum import Enum

import numpy as np

from eatnas_tf.layers import Conv, Layer, Network
from eatnas_tf.layers.conv_ops import family
from eatnas_tf.network.initial import Weights


class Origin(Enum):
    """Where a variable's values came from."""

    COPIED = "copied"
    SLICED = "sliced"
    FRESH = "fresh"


def inherit(
    child: Network, parent: Network, fresh: Weights, trained: Weights, flexible: bool = False
) -> tuple[dict[str, np.ndarray], dict[str, Origin]]:
    """`fresh` weights of `child` with all that it inherits from `parent`, and the origin of each.

    Layer l of block b inherits when the parent has such a layer with the same operation and kernel size (Eq.
    1, 2); stem and head always do, the dense layer only for as many classes. A grouped convolution inherits
    from one of as many groups: with others, its channels see different inputs. `flexible` also crosses
    expansion ratios and takes the centre of the parent's larger kernels. Keys are variable names; every
    variable of `fresh` is in both.
    """
    inheriting = _inheriting(child, parent, flexible)
    weights, origins = {}, {}
    for name, target in fresh.items():
        parents = trained.get(name) if name.split("/")[0] in inheriting else None
        source = _centre(parents, target) if flexible and parents is not None else parents
        if parents is None or source is None or not _comparable(source, target):
            weights[name], origins[name] = target, Origin.FRESH
        else:
            weights[name] = graft(source, target)
            origins[name] = Origin.COPIED if parents.shape == target.shape else Origin.SLICED
    return weights, origins


def graft(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`target` with the leading channels that `source` has too (arXiv 1901.05884, Algorithm 3).

    Kernels are (height, width, in, out); other variables have channels on every axis. Raises ValueError if
    ranks or kernel sizes differ.
    """
    if not _comparable(source, target):
        raise ValueError(f"{source.shape} cannot give channels to {target.shape}: rank or kernel size differ")
    shared = tuple(slice(min(pair)) for pair in zip(source.shape, target.shape, strict=True))
    grafted = target.copy()
    grafted[shared] = source[shared]
    return grafted


def summary(origins: dict[str, Origin]) -> dict[str, int]:
    """How many variables were copied, sliced and fresh."""
    counts = Counter(origin.value for origin in origins.values())
    return {origin.value: counts[origin.value] for origin in Origin}


def _inheriting(child: Network, parent: Network, flexible: bool) -> set[str]:
    """Names of the Keras layers that inherit."""
    parents = {layer.name: layer for layer in parent.layers}
    names = {spec.name for spec in (*child.stem, *child.head)}
    if child.frame.num_classes != parent.frame.num_classes:
        names -= {spec.name for spec in child.head if spec.name == "head_dense"}
    for layer in child.layers:
        other = parents.get(layer.name)
        if other is not None and _related(layer, other, flexible):
            names |= {spec.name for spec in layer.named_specs()}
    groups = _groups(parent)
    return names - {name for name, count in _groups(child).items() if groups.get(name, count) != count}


def _groups(network: Network) -> dict[str, int]:
    """The number of groups of every convolution."""
    return {spec.name: spec.groups for spec in network.named_specs() if isinstance(spec, Conv)}


def _related(child: Layer, parent: Layer, flexible: bool) -> bool:
    if flexible:
        return family(child.op) == family(parent.op) and child.kernel <= parent.kernel
    return child.op == parent.op and child.kernel == parent.kernel


def _comparable(source: np.ndarray, target: np.ndarray) -> bool:
    spatial = target.ndim - 2 if target.ndim > 2 else 0
    return source.ndim == target.ndim and source.shape[:spatial] == target.shape[:spatial]


def _centre(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The middle of a kernel that is larger than the target's, else the source as it is."""
    if source.ndim != 4 or target.ndim != 4:
        return source
    offsets = [(have - want) // 2 for have, want in zip(source.shape[:2], target.shape[:2], strict=True)]
    if min(offsets) < 0:
        return source
    rows, columns = (
        slice(offset, offset + want) for offset, want in zip(offsets, target.shape[:2], strict=True)
    )
    return source[rows, columns]

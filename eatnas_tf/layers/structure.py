"""A network as a graph of layers, each of which is a graph of specs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.layers.frame import Frame
from eatnas_tf.layers.specs import Shape, Size, Spec, Step, refuse_twins, walk


@dataclass(frozen=True)
class Layer:
    """One layer of a block. `shortcut` is None without one, empty for the identity, else its specs.

    `after` names what it takes, in order: layers by their `name`, or `stem`; without it, the layer before.
    The specs know these as `input`, `input2` and so on. The shortcut takes the first.
    """

    block: int
    position: int
    op: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    specs: tuple[Spec, ...]
    shortcut: tuple[Spec, ...] | None
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"block{self.block}_layer{self.position}"

    def named_specs(self) -> Iterator[Spec]:
        """Every spec with its full name, the shortcut's last, a gate's one by one; `after` stays local."""
        for spec in (*self.specs, *(self.shortcut or ())):
            for part in spec.parts():
                yield replace(part, name=f"{self.name}_{part.name}")


@dataclass(frozen=True)
class Network:
    """A whole network. Its specs are named by place: `stem_conv`, `block3_layer2_depthwise`, `head_dense`.

    The head takes the last layer. Specs of stem, head and auxiliary tower carry their full names, in `after`
    too. `auxiliary` is the tower on the output of block `auxiliary_block` (0 is the stem); it only takes part
    in training.
    """

    frame: Frame
    stem: tuple[Spec, ...]
    layers: tuple[Layer, ...]
    head: tuple[Spec, ...]
    auxiliary: tuple[Spec, ...] = ()
    auxiliary_block: int = 0

    @cached_property
    def places(self) -> list[Place]:
        """The inference network in order: the stem, every layer, the head.

        Raises InputError if a layer takes what does not come before it, if nothing takes a layer, or if specs
        do not fit.
        """
        return _places(self)

    def named_specs(self) -> Iterator[Spec]:
        """Every spec of the inference network with its full name, in order."""
        yield from self.stem
        for layer in self.layers:
            yield from layer.named_specs()
        yield from self.head


class Place(NamedTuple):
    """The stem, a layer or the head, with what it takes and its specs with their shapes.

    `sources` are names of places (`images` for the stem). `bypass` is the shortcut: empty for the identity,
    and if there is none.
    """

    name: str
    sources: tuple[str, ...]
    steps: tuple[Step, ...]
    bypass: tuple[Step, ...]
    output: Shape


IMAGES, STEM, HEAD = "images", "stem", "head"


def sizes(network: Network) -> list[Size]:
    """Output size of the stem, then of every layer."""
    return [place.output.size for place in network.places[:-1]]


def _places(network: Network) -> list[Place]:
    side, channels = network.frame.image_size, network.frame.channels
    shapes = {IMAGES: Shape(side, side, channels)}
    found = [_end(STEM, network.stem, IMAGES, shapes)]
    for layer in network.layers:
        sources = tuple(layer.after) or (found[-1].name,)
        _refuse_sources(layer, sources, shapes)
        try:
            found.append(_layer(layer, sources, [shapes[name] for name in sources]))
        except InputError as error:
            raise InputError(f"{_title(layer)}: {error}") from None
        shapes[layer.name] = found[-1].output
    found.append(_end(HEAD, network.head, found[-1].name, shapes))
    taken = {name for place in found for name in place.sources}
    for place in found[:-1]:
        if place.name not in taken:
            raise InputError(f"nothing takes {place.name}; the head takes the last layer, {found[-2].name}")
    return found


def _end(name: str, specs: Sequence[Spec], source: str, shapes: dict[str, Shape]) -> Place:
    try:
        steps = walk(specs, shapes[source])
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    shapes[name] = steps[-1].output if steps else shapes[source]
    return Place(name, (source,), tuple(steps), (), shapes[name])


def _layer(layer: Layer, sources: tuple[str, ...], inputs: list[Shape]) -> Place:
    if not layer.specs:
        raise InputError("it has no specs")
    bypass = walk(layer.shortcut or (), inputs[0])
    refuse_twins((*layer.specs, *(layer.shortcut or ())))
    steps = walk(layer.specs, *inputs)
    output = steps[-1].output
    if output.channels not in (None, layer.outputs):
        raise InputError(f"its specs make {output.channels} channels; expected {layer.outputs}")
    output = output._replace(channels=layer.outputs)
    if layer.shortcut is not None:
        added = bypass[-1].output if bypass else inputs[0]
        if added.size != output.size or added.channels not in (None, layer.outputs):
            raise InputError(f"the shortcut brings {added}, the specs make {output}")
    return Place(layer.name, sources, tuple(steps), tuple(bypass), output)


def _refuse_sources(layer: Layer, sources: tuple[str, ...], known: dict[str, Shape]) -> None:
    """Raises InputError if the layer's name is taken, or one of its sources does not come before it."""
    if layer.name in known:
        raise InputError(f"two layers are called {layer.name}; number them by block and position")
    for name in sources:
        if name == IMAGES or name not in known:
            possible = ", ".join(other for other in known if other != IMAGES)
            raise InputError(f"{_title(layer)}: takes {name!r}, which is not one of {possible}")


def _title(layer: Layer) -> str:
    return f"block {layer.block}, layer {layer.position} ({layer.op})"

"""What a search relies on in a part, claim by claim, as far as that is seen without TensorFlow.

A claim is a function of the part that raises if it does not hold: Broken, or whatever the part itself raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from typing import Any

from eatnas_tf import registry
from eatnas_tf.layers import Frame, conv_ops, expand
from eatnas_tf.layers.specs import Shape, refuse_strangers, walk
from eatnas_tf.mutations import operators
from eatnas_tf.space import STANDARD, Architecture, Primitive, SearchSpace, differences

Claim = Callable[[Any], None]

BLOCKS, DRAWS = 3, 100
FRAME = Frame(16, 1, 3, stem_filters=8, stem_stride=1, strides=(1, 2, 1), head_filters=16)
STANDARD_NAMES = {primitive.name for primitive in STANDARD}


class Broken(Exception):  # noqa: N818 (a finding, not a failure of this program)
    """A claim does not hold; the message says how that was seen."""


def space() -> SearchSpace:
    """Three blocks of the paper's five primitives and of every registered one beyond them."""
    others = [part for part in registry.values("primitives") if part.name not in STANDARD_NAMES]
    return SearchSpace(BLOCKS, (*STANDARD, *others))


def _architectures() -> Iterator[Architecture]:
    rng, searched = Random(0), space()
    return (searched.sample(rng) for _ in range(DRAWS))


Child = Callable[[Architecture, Random], Architecture]


def _mutation(mutation: Any, block: int) -> Child:
    searched = space()
    return lambda architecture, rng: mutation(architecture, block, searched, rng)


def _perturbation(perturbation: Any) -> Child:
    searched = space()
    mutations = operators(searched)
    return lambda architecture, rng: perturbation(architecture, searched, mutations, rng)


def _stays_in_the_space(children: Iterable[Child]) -> None:
    searched = space()
    for child_of in children:
        for number, architecture in enumerate(_architectures()):
            child = child_of(architecture, Random(number))
            if not isinstance(child, Architecture):
                raise Broken(f"it gave {type(child).__name__} back; expected an Architecture")
            refusal = searched.refusal(child)
            if refusal:
                raise Broken(f"{architecture} became {child}: {refusal}")


def _repeats(children: Iterable[Child]) -> None:
    for child_of in children:
        for number, architecture in enumerate(_architectures()):
            if child_of(architecture, Random(number)) != child_of(architecture, Random(number)):
                raise Broken(f"two children of {architecture} under the same seed differ; draw from rng only")


def _moves(children: Iterable[Child]) -> None:
    for child_of in children:
        if any(child_of(parent, Random(n)) != parent for n, parent in enumerate(_architectures())):
            return
    raise Broken(f"{DRAWS} children are as their parents; nothing would be searched")


def _edits_its_block_only(mutation: Any) -> None:
    for block in range(BLOCKS):
        child_of = _mutation(mutation, block)
        for number, parent in enumerate(_architectures()):
            child = child_of(parent, Random(number))
            others = [change.block for change in differences(parent, child) if change.block != block + 1]
            if others:
                raise Broken(f"asked to edit block {block + 1}, it edited block {others[0]} of {parent}")


def _fits_its_place(op: conv_ops.ConvOp) -> None:
    for kernel, stride, outputs, side in ((3, 1, 8, 16), (5, 2, 16, 16), (7, 2, 4, 15), (3, 1, 16, 15)):
        specs = op(8, outputs, kernel, stride)
        refuse_strangers(specs)
        size = walk(specs, Shape(side, side, 8))[-1].output.size
        wanted = math.ceil(side / stride)
        if size != (wanted, wanted):
            raise Broken(f"stride {stride}: {side} pixels became {size[0]}; expected {wanted}")


def _reads_back(primitive: Primitive) -> None:
    others = [known for known in STANDARD if known.name != primitive.name]
    SearchSpace(1, (*others, primitive))


def _default_changes_nothing(primitive: Primitive) -> None:
    if primitive.default is None and primitive.name not in STANDARD_NAMES:
        raise Broken("it has no default, so codes of other searches cannot be read; give one")
    if primitive.rewrite is not None:
        for name in ("sep", "mb3"):
            specs = conv_ops.find(name)(8, 8, 3, 1)
            if list(primitive.rewrite(list(specs), primitive.default)) != specs:
                raise Broken(f"its default {primitive.default!r} rewrites a {name} layer")


def _measures(objective: Any) -> None:
    for architecture in _architectures():
        network = expand(architecture, FRAME)
        first, second = objective(network), objective(network)
        if isinstance(first, bool) or not isinstance(first, int | float):
            raise Broken(f"it gave {first!r:.60} back; expected a number")
        if not (math.isfinite(first) and first > 0):
            raise Broken(f"{architecture} has {first}; the score needs a finite number above 0")
        if first != second:
            raise Broken(f"{architecture} has {first} and then {second}; a search would not repeat")


def _on_every_block(claim: Callable[[Iterable[Child]], None]) -> Claim:
    return lambda part: claim([_mutation(part, block) for block in range(BLOCKS)])


def _on_the_whole(claim: Callable[[Iterable[Child]], None]) -> Claim:
    return lambda part: claim([_perturbation(part)])


MOVES = {"stays in the space": _stays_in_the_space, "repeats": _repeats, "moves": _moves}
CLAIMS: dict[str, dict[str, Claim]] = {
    "mutations": {
        **{title: _on_every_block(claim) for title, claim in MOVES.items()},
        "edits its block only": _edits_its_block_only,
    },
    "perturbations": {title: _on_the_whole(claim) for title, claim in MOVES.items()},
    "conv_ops": {"fits its place": _fits_its_place},
    "primitives": {"reads back": _reads_back, "its default changes nothing": _default_changes_nothing},
    "objectives": {"measures": _measures},
}


def codes(group: str, name: str, part: Any) -> list[Callable[[float, int], Architecture]]:
    """What a part makes of a network of one width factor and depth, for all that it can mean there."""
    if group == "conv_ops":
        return [partial(_code, name, {})]
    if group == "primitives" and part.rewrite is not None:
        values = [value for value in part.choices if value != part.default]
        return [partial(_code, op, {part: value}) for op in ("sep", "mb3") for value in values]
    return []


def _code(op: str, others: dict[Primitive, Any], width: float, depth: int) -> Architecture:
    token = f"{op}_k3_s1_w{width}_d{depth}"
    parts = "".join(f"_{primitive.key}{primitive.text(value)}" for primitive, value in others.items())
    return Architecture.parse("-".join([token + parts] * BLOCKS), (*STANDARD, *others))

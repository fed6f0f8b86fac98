"""What a search relies on in a part, claim by claim, as far as that is seen without TensorFlow.

A claim is a function of the part that raises if it does not hold: Broken, or whatever the part itself raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice, product
from random import Random
from typing import Any

from eatnas_tf import registry
from eatnas_tf.errors import InputError, reason
from eatnas_tf.fields import python_number
from eatnas_tf.layers import Frame, Spec, conv_ops, expand, is_measured
from eatnas_tf.layers.specs import Shape, refuse_strangers, walk
from eatnas_tf.mutations import operators
from eatnas_tf.space import STANDARD, Architecture, Primitive, SearchSpace, differences
from eatnas_tf.space.primitives import CONV

Claim = Callable[[Any], None]

BLOCKS, DRAWS, MEASURED = 3, 100, 2
OPS = ("sep", "mb1", "mb3")
PLACES = (  # channels in and out, kernel, stride, pixels a side: the usual ones, then odd and rare ones
    *((8, 8, 3, 1, 16), (8, 16, 5, 2, 16), (8, 4, 7, 2, 15), (8, 16, 3, 1, 15)),
    *product((1, 3, 8, 13), (1, 5, 8, 27), (1, 3, 4, 5, 7, 9), (1, 2, 3), (1, 2, 7, 16)),
)
FRAME = Frame(16, 1, 3, stem_filters=8, stem_stride=1, strides=(1, 2, 1), head_filters=16)
STANDARD_NAMES = {primitive.name for primitive in STANDARD}


class Broken(Exception):  # noqa: N818 (a finding, not a failure of this program)
    """A claim does not hold; the message says how that was seen."""


def space() -> SearchSpace:
    """Three blocks of the paper's five primitives and of every registered one that goes with them."""
    found = SearchSpace(BLOCKS, STANDARD)
    for part in registry.values("primitives"):
        if part.name not in STANDARD_NAMES:
            with suppress(InputError):  # two of them may not go together; that is no other part's fault
                found = SearchSpace(BLOCKS, (*found.primitives, part))
    return found


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
    for inputs, outputs, kernel, stride, side in PLACES:
        with _at(f"{inputs} to {outputs} channels, kernel {kernel}, stride {stride}"):
            specs = op(inputs, outputs, kernel, stride)
            refuse_strangers(specs)
            _refuse_other_size(specs, Shape(side, side, inputs), math.ceil(side / stride))


def _rewrites_any_layer(primitive: Primitive) -> None:
    if primitive.rewrite is None:
        return
    for value, name, (inputs, outputs, kernel, stride, side) in product(primitive.choices, OPS, PLACES):
        with _at(f"{primitive.text(value)}, {name} from {inputs} to {outputs} channels, kernel {kernel}"):
            specs = primitive.rewrite(conv_ops.find(name)(inputs, outputs, kernel, stride), value)
            refuse_strangers(specs)
            _refuse_other_size(specs, Shape(side, side, inputs), math.ceil(side / stride))


def _refuse_other_size(specs: Sequence[Spec], given: Shape, wanted: int) -> None:
    size = walk(specs, given)[-1].output.size
    if size != (wanted, wanted):
        raise Broken(f"{given.height} pixels became {size[0]}; expected {wanted}")


@contextmanager
def _at(place: str) -> Iterator[None]:
    """What does not hold in the block is told with its place."""
    try:
        yield
    except Exception as error:
        raise Broken(f"{place}: {in_words(error)}") from error


def in_words(error: Exception) -> str:
    """One line: a claim's own words, or what the part raised."""
    return str(error) if isinstance(error, Broken | InputError) else reason(error)


def _can_stand_in_a_code(name: str) -> None:
    if CONV.value(CONV.text(name)) != name:
        raise Broken(f"no code can hold {name!r}; use letters, digits and dots")


def _reads_back(primitive: Primitive) -> None:
    standard = [primitive if known.name == primitive.name else known for known in STANDARD]
    SearchSpace(1, tuple(standard if primitive in standard else (*standard, primitive)))


def _default_changes_nothing(primitive: Primitive) -> None:
    if primitive.default is None and primitive.name not in STANDARD_NAMES:
        raise Broken("it has no default, so codes of other searches cannot be read; give one")
    if primitive.rewrite is not None:
        for name in ("sep", "mb3"):
            specs = conv_ops.find(name)(8, 8, 3, 1)
            if list(primitive.rewrite(list(specs), primitive.default)) != specs:
                raise Broken(f"its default {primitive.default!r} rewrites a {name} layer")


def _measures(objective: Any) -> None:
    measured = is_measured(objective)
    for architecture in islice(_architectures(), MEASURED if measured else DRAWS):
        network = expand(architecture, FRAME)
        first = python_number(objective(network))
        second = first if measured else python_number(objective(network))
        if isinstance(first, bool) or not isinstance(first, int | float):
            raise Broken(f"it gave {first!r:.60} back; expected a number")
        if not (math.isfinite(first) and first > 0):
            raise Broken(f"{architecture} has {first}; the score needs a finite number above 0")
        if first != second:
            raise Broken(
                f"{architecture} has {first} and then {second}; a search would not repeat: if it measures "
                "something, declare that by eatnas_tf.layers.measured"
            )


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
    "primitives": {
        "reads back": _reads_back,
        "its default changes nothing": _default_changes_nothing,
        "rewrites any layer": _rewrites_any_layer,
    },
    "objectives": {"measures": _measures},
}


NAMES: dict[str, Claim] = {"conv_ops": _can_stand_in_a_code}  # claims of a part's name


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

"""Lists of specs as graphs: who takes what, and the shapes on the way.

A spec comes after all that it takes. One without `after` takes the one before, so a plain list is a chain.
Names are local to the list; its own inputs are called `input`, `input2`, `input3` and so on. The result is
the last spec's output. Every other output must be taken by some spec: what leads nowhere would be counted,
but not built.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.layers.specs.base import Shape, Spec

INPUT = "input"


class Step(NamedTuple):
    """A spec, the names of what it takes (`input` among them), their shapes, and the shape that it makes."""

    spec: Spec
    sources: tuple[str, ...]
    inputs: tuple[Shape, ...]
    output: Shape


def refuse_strangers(specs: Any) -> None:
    """Raises InputError if what a part gave back is no graph of specs, each with a name of its own."""
    if not isinstance(specs, list | tuple) or not all(isinstance(spec, Spec) for spec in specs) or not specs:
        raise InputError(f"it gave {specs!r:.60} back; expected a list of specs")
    refuse_twins(specs)
    wired(specs)


def refuse_twins(specs: Sequence[Spec]) -> None:
    """Raises InputError if two specs have one name."""
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two specs are called {twice!r}; a layer's names are its own")


def input_names(count: int) -> tuple[str, ...]:
    """`input`, `input2`, `input3` and so on."""
    return tuple(INPUT if number == 1 else f"{INPUT}{number}" for number in range(1, count + 1))


def wired(specs: Sequence[Spec], inputs: int = 1) -> list[tuple[Spec, tuple[str, ...]]]:
    """Every spec with the names of what it takes, where the whole has so many inputs.

    Raises InputError if a name is not known or comes later, or if something leads nowhere.
    """
    given = input_names(inputs)
    names = {spec.name for spec in specs}
    known, before, taken = list(given), INPUT, set()
    links = []
    for spec in specs:
        if spec.after:
            _refuse_sources(spec, known, names, given)
        sources = tuple(spec.after) or (before,)
        links.append((spec, sources))
        taken |= set(sources)
        before = spec.name
        known.append(before)
    unused = [name for name in known[:-1] if name not in taken]
    if specs and unused:
        raise InputError(f"nothing takes {unused[0]!r}; the result is the last spec's, {before!r}")
    return links


def walk(specs: Sequence[Spec], *inputs: Shape) -> list[Step]:
    """The specs with their shapes, for inputs of these shapes.

    Raises InputError as `wired` does, and if a spec's inputs do not suit it.
    """
    shapes = dict(zip(input_names(len(inputs)), inputs, strict=True))
    steps = []
    for spec, sources in wired(specs, len(inputs)):
        taken = tuple(shapes[name] for name in sources)
        try:
            output = spec.output_shape(taken)
        except InputError as flaw:
            found = ", ".join(f"{shapes[name]} of {name!r}" for name in sources)
            raise InputError(f"{spec.name!r} {flaw}; it gets {found}") from None
        shapes[spec.name] = output
        steps.append(Step(spec, sources, taken, output))
    return steps


def is_chain(steps: Sequence[Step]) -> bool:
    """Whether every spec takes the one before and nothing else."""
    before = (INPUT, *(step.spec.name for step in steps))
    return all(step.sources == (name,) for step, name in zip(steps, before, strict=False))


def _refuse_sources(spec: Spec, known: list[str], names: set[str], given: tuple[str, ...]) -> None:
    """Raises InputError if `after` is no list of names that are known by then."""
    if not isinstance(spec.after, list | tuple) or not all(isinstance(name, str) for name in spec.after):
        raise InputError(f"{spec.name!r}: after is {spec.after!r:.60}; expected a tuple of names")
    for name in spec.after:
        if name in given and name in names:
            raise InputError(f"{spec.name!r} takes {name!r}, an input's name and a spec's; rename the spec")
        if name in names and name not in known:
            raise InputError(f"{spec.name!r} takes {name!r}, which is not before it; change their order")
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"{spec.name!r} takes {name!r}, which is not one of {', '.join(known)}{hint}")

"""The classes of a dataset against those that a model was trained on: matched by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.network.initial import Weights

DENSE = "head_dense/"  # the variables of the layer with an output per class
SHOWN = 5  # names in a message
ITS_OWN = "give a dataset with the model's classes"


class Matching(NamedTuple):
    """For every class of a dataset, its index among a model's classes; and whether names told it."""

    indices: tuple[int, ...]
    by_name: bool


def unnamed(classes: Sequence[str]) -> bool:
    """Whether the classes are only numbered: 0, 1, 2, …"""
    return list(classes) == [str(number) for number in range(len(classes))]


def match(classes: Sequence[str], known: Sequence[str], where: str) -> Matching:
    """Matches a dataset's classes to those that a model knows; by name, these may be more.

    By position if either side has numbers instead of names. Raises InputError, with the names that differ,
    if the dataset `where` has a class that the model does not know.
    """
    named = not (unnamed(classes) or unnamed(known))
    strangers = [name for name in classes if name not in known]
    if strangers and named:
        others = [name for name in known if name not in classes]
        raise InputError(
            f"{where} has classes that the model does not know: {_listed(strangers)}; "
            f"the model also knows {_listed(others)}: {ITS_OWN}"
        )
    if not named and len(classes) != len(known):
        raise InputError(
            f"{where} has {len(classes)} classes, the model knows {len(known)}, "
            f"and names are missing on one side: {ITS_OWN}"
        )
    if strangers:
        return Matching(tuple(range(len(classes))), by_name=False)
    return Matching(tuple(known.index(name) for name in classes), by_name=True)


def same(classes: Sequence[str], known: Sequence[str]) -> bool:
    """Whether both are the same classes, in any order; numbers may stand for as many names."""
    if set(classes) == set(known):
        return True
    return len(classes) == len(known) and (unnamed(classes) or unnamed(known))


def reordered(weights: Weights, known: Sequence[str], classes: Sequence[str]) -> Weights:
    """The weights of a network that knows `known`, for one that is trained on `classes`.

    The outputs of the dense layer are brought into the order of `classes`. It is left out, so that it starts
    afresh, if these are not the same classes.
    """
    if not same(classes, known):
        return {name: value for name, value in weights.items() if not name.startswith(DENSE)}
    indices = list(match(classes, known, "").indices)
    return {name: value[..., indices] if name.startswith(DENSE) else value for name, value in weights.items()}


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "no others"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more

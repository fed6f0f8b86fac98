"""What a finished stage left: its best.json, as later stages and a person read it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, OBJECT, TEXT, WHOLE, field, list_of, optional
from eatnas_tf.layers import Frame
from eatnas_tf.stages.workdir import Workdir

KINDS = {"strides": list_of(WHOLE), "width_base": TEXT, "shortcut": TEXT}  # of a frame; the others are whole


@dataclass(frozen=True)
class Tested:
    """What a retraining knows of its network beside the code: size, and accuracies on the test split.

    `repeats` are the top-1 accuracies of all its trainings, of which the first one made the model.
    """

    params: int
    mult_adds: int
    top1: float
    top5: float
    loss: float
    classes: tuple[str, ...]
    repeats: tuple[float, ...]


class Ranked(NamedTuple):
    """One of a search's best population."""

    id: int
    architecture: str
    score: float | None


@dataclass(frozen=True)
class Result:
    """The best code with its frame and weights, if they exist; a search's ranking, a retraining's test.

    `finished` says why the stage is over; None of a search that goes on. `classes` are what the network tells
    apart; None if an older version did not record them.
    """

    architecture: str
    frame: Frame
    weights: Path | None
    finished: str | None
    ranking: tuple[Ranked, ...] = ()
    tested: Tested | None = None
    classes: tuple[str, ...] | None = None


def read(workdir: Workdir) -> Result:
    """The result in a folder. Raises InputError if its stage is not finished, or best.json is damaged."""
    if _has_no_result(workdir):
        raise InputError(f"--from={workdir.path}: that stage has no result; run its command, which says why")
    found = so_far(workdir)
    if not found.finished:
        raise InputError(f"--from={workdir.path}: that stage is not finished; run its command to its end")
    if found.weights is None and found.ranking and all(one.score == 0 for one in found.ranking):
        raise InputError(
            f"--from={workdir.path}: no candidate of that search trained; search again with a lower "
            "--learning_rate in another --workdir"
        )
    return found


def _has_no_result(workdir: Workdir) -> bool:
    """Whether a stage has begun in the folder and has not come to a best.json."""
    return (workdir.path / "config.json").is_file() and not (workdir.path / "best.json").exists()


def so_far(workdir: Workdir) -> Result:
    """The best until now. Raises InputError if there is none, or best.json is damaged."""
    best = workdir.read("best.json")
    try:
        return _result(workdir, best)
    except InputError as error:
        raise InputError(
            f"{workdir.path / 'best.json'} is damaged ({error}); restore it or run its stage again"
        ) from None


def retrained(folder: str) -> tuple[Result, Tested]:
    """A finished retraining's result. Raises InputError if `folder` holds another one or none."""
    found = read(Workdir(Path(folder)))
    if found.tested is None:
        raise InputError(f"--from={folder} is not the work folder of a finished retraining; give one")
    return found, found.tested


def _result(workdir: Workdir, best: dict[str, Any]) -> Result:
    weights = field(best, "weights", optional(TEXT))
    ranking = field(best, "ranking", list_of(OBJECT)) if "ranking" in best else []
    return Result(
        field(best, "architecture", TEXT),
        _frame(field(best, "frame", OBJECT)),
        workdir.path / weights if weights else None,
        field(best, "finished", optional(TEXT)),
        tuple(map(_ranked, ranking)),
        _tested(best) if "test" in best else None,
        tuple(field(best, "classes", list_of(TEXT))) if "classes" in best else None,
    )


def _ranked(one: dict[str, Any]) -> Ranked:
    score = field(one, "score", NUMBER) if "score" in one else None
    return Ranked(field(one, "id", WHOLE), field(one, "architecture", TEXT), score)


def _frame(found: dict[str, Any]) -> Frame:
    names = [entry.name for entry in dataclasses.fields(Frame)]
    values = {name: field(found, name, KINDS.get(name, WHOLE)) for name in names}
    return Frame(**{**values, "strides": tuple(values["strides"])})


def _tested(best: dict[str, Any]) -> Tested:
    test = field(best, "test", OBJECT)
    repeats = field(best, "repeats", list_of(OBJECT)) if "repeats" in best else [test]
    top1, top5, loss = (field(test, name, NUMBER) for name in ("top1", "top5", "loss"))
    return Tested(
        field(best, "params", WHOLE),
        field(best, "mult_adds", WHOLE),
        top1,
        top5,
        loss,
        tuple(field(best, "classes", list_of(TEXT))),
        tuple(field(one, "top1", NUMBER) for one in repeats),
    )

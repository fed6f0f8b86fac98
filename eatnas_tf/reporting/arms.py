"""What the arms of an ablation came to, as numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """A way to an architecture for the target: where its seed comes from, if any, and what that costs."""

    name: str
    what: str
    seed: str | None = None
    pays_retraining: bool = False


@dataclass(frozen=True)
class Point:
    """The population after a cycle; `images` were trained on until then, those on the source counted."""

    cycle: int
    evaluations: int
    images: int
    mean_accuracy: float
    mean_params: float
    mean_mult_adds: float
    quality: float


@dataclass(frozen=True)
class Outcome:
    """What an arm came to with one seed: the network tested on the target, the search's cost and curve."""

    arm: Arm
    seed: int
    architecture: str
    params: int
    mult_adds: int
    top1: float
    evaluations: int
    images: int
    seconds: float
    points: tuple[Point, ...]

"""What all pictures have in common: colours, plain axes, and names that are shown as they are."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eatnas_tf.errors import shown

SIZE = (8, 5)  # inches
COLOURS = ("#0072B2", "#56B4E9", "#CC79A7", "#D55E00", "#E69F00", "#7F7F7F", "#009E73")  # Okabe and Ito's
BLUE, SKY, PURPLE, VERMILLION, ORANGE, GREY, GREEN = COLOURS
INK = "#222222"
PLAIN: dict[str, Any] = {"parse_math": False}  # of every text with a name in it: a dollar is a dollar


def blank(width: float, height: float) -> Figure:
    """A white figure, in inches, that lays its axes out by itself."""
    return Figure((width, height), layout="constrained", facecolor="white")


def plain(axes: Axes) -> Axes:
    """Axes without their upper and right edges, and with a faint grid behind."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return axes


def sized(width: float, height: float, around: tuple[float, float, float, float]) -> tuple[Figure, Axes]:
    """Axes of that size in a white figure, `around` them left, right, above and below; all in inches."""
    left, right, above, below = around
    full = left + width + right, above + height + below
    figure = Figure(full, facecolor="white")
    return figure, figure.add_axes((left / full[0], below / full[1], width / full[0], height / full[1]))


def named(text: str, most: int) -> str:
    """`text` as it prints, cut to `most` characters."""
    printed = shown(text)
    return printed if len(printed) <= most else f"{printed[: most - 1]}…"

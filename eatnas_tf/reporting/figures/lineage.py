"""The lineage of an individual: score by generation, and what each mutation changed and brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from eatnas_tf.reporting.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PLAIN,
    PURPLE,
    VERMILLION,
    named,
    plain,
    sized,
)
from eatnas_tf.searches import Individual
from eatnas_tf.space import Change

MOST = 40  # generations in a picture: the last ones
LINE, PAD = 0.17, 0.14  # inches of a line in a cell, and above and below its lines
COLUMN = 1.0  # inches of a block's cell
CURVE = 3.2  # inches of the curve of scores
LEFT, RIGHT, ABOVE, BELOW = 1.1, 0.5, 0.35, 0.55  # inches around curve and table
DARKER = 0.7
STANDARD = {"conv": BLUE, "kernel": VERMILLION, "skip": PURPLE, "width": GREEN, "depth": ORANGE}


def of_line(line: Sequence[Individual]) -> Figure:
    """A row a generation from the founder downwards: its score, then what was changed in which block.

    `line` is an ancestry. Of a long one, the last generations are drawn.
    """
    shown, before = line[-MOST:], len(line) - MOST
    cells = [_by_block(one) for one in shown]
    heights = [PAD + LINE * max((len(lines) for lines in row.values()), default=1) for row in cells]
    tops = [sum(heights[:row]) for row in range(len(shown) + 1)]
    blocks = len(line[-1].architecture)
    changed = max(COLUMN * blocks, 2.0)
    figure, curve = sized(CURVE, tops[-1], (LEFT, RIGHT + changed, ABOVE, BELOW))
    table = _beside(figure, curve, changed)
    _curve(curve, shown, [top + height / 2 for top, height in zip(tops, heights, strict=False)])
    _table(table, cells, tops, blocks)
    curve.set_ylim(tops[-1], 0)
    table.set_ylim(tops[-1], 0)
    said = f", the last {MOST} of {len(line)}" if before > 0 else ""
    curve.set_title(f"generations{said}", fontsize=10)
    return figure


def _beside(figure: Figure, axes: Axes, width: float) -> Axes:
    """Axes of so many inches to the right of `axes`."""
    place, full = axes.get_position(), figure.get_figwidth()
    return figure.add_axes((place.x1 + RIGHT / 2 / full, place.y0, width / full, place.height))


def _by_block(one: Individual) -> dict[int, list[Change]]:
    """What was changed, by block from 1."""
    found: dict[int, list[Change]] = defaultdict(list)
    for change in one.candidate.mutated:
        found[change.block].append(change)
    return found


def _curve(axes: Axes, line: Sequence[Individual], heights: Sequence[float]) -> None:
    scores = [one.score for one in line]
    plain(axes).plot(scores, heights, "-o", color=BLUE, markersize=5, linewidth=1.2)
    room = (max(scores) - min(scores) or 0.01) * 0.2
    axes.set_xlim(min(scores) - room, max(scores) + 4 * room)
    for parent, one, height in zip((None, *line), line, heights, strict=False):
        gain = "" if parent is None else f"  {one.score - parent.score:+.4f}"
        axes.annotate(
            f"{one.score:.4f}{gain}",
            (one.score, height),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 0.5},
        )
    axes.set_yticks(heights, [f"{_role(one)} {one.id}" for one in line], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4, prune="upper"))
    axes.set_xlabel("score, and what the mutation brought")


def _role(one: Individual) -> str:
    return "founder" if one.candidate.parent is None else "child"


def _table(axes: Axes, cells: Sequence[dict[int, list[Change]]], tops: Sequence[float], blocks: int) -> None:
    """A column a block; every change in its primitive's colour."""
    for row, changes in enumerate(cells):
        if row % 2:
            axes.add_patch(
                Rectangle((0, tops[row]), blocks, tops[row + 1] - tops[row], fc=GREY, alpha=0.12, lw=0)
            )
        for block, lines in changes.items():
            for number, change in enumerate(lines):
                place = (block - 0.5, tops[row] + PAD / 2 + LINE * (number + 0.5))
                axes.text(
                    *place, _told(change), ha="center", va="center", size=7.5, color=_ink(change), **PLAIN
                )
    axes.set_xlim(0, blocks)
    axes.set_xticks([block + 0.5 for block in range(blocks)], [str(block + 1) for block in range(blocks)])
    axes.tick_params(length=0, labelleft=False)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("what was changed, by block")


def _ink(change: Change) -> tuple[float, ...]:
    """The colour of the primitive, dark enough to be read."""
    return tuple(DARKER * part for part in to_rgb(STANDARD.get(change.primitive, INK)))


def _told(change: Change) -> str:
    """A change in a cell's width; an operation says by itself that it is one."""
    if change.primitive == "conv":
        return f"{_text(change.old, 6)}→{_text(change.new, 6)}"
    return f"{named(change.primitive, 6)} {_text(change.old, 4)}→{_text(change.new, 4)}"


def _text(value: object, most: int) -> str:
    return "–" if value is None else named(f"{value}", most)

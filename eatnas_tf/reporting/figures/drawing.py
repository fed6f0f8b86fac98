"""An architecture as the paper's Figure 3 draws it: a coloured box a block, from the image to the classes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from eatnas_tf.layers import Frame, expand
from eatnas_tf.layers.counting import Row, count, describe
from eatnas_tf.reporting.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PLAIN,
    PURPLE,
    SKY,
    VERMILLION,
    named,
)
from eatnas_tf.space import Architecture, Block, differences

BOX, GAP, MARGIN = 0.98, 0.3, 0.25  # inches
LINE = 0.18  # inches of a line of text
TITLE, ABOVE, BELOW = 0.55, 0.4, 0.5  # inches of the title, of a skip's arc, and of what stands under a box
COLUMNS, LEAST = 9, 4  # boxes beside each other: stem, the paper's seven blocks, head; room for so many
LETTER = 0.11  # inches of a wide letter of a title
SHEET, SHEETS = 0.045, 4  # inches between a block's layers, which lie behind each other; at most so many
LETTERS = 13  # in a line of a box
KNOWN = {"sep": SKY, "mb1": PURPLE, "mb3": GREEN, "mb6": ORANGE}
OTHERS = (BLUE, VERMILLION, GREY)
MARK = VERMILLION
ARROW: dict[str, Any] = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
NOTE = "arc: skip · /2: stride · sheets: layers · under a box: block, output in pixels"


class Line(NamedTuple):
    """A line in a box, and whether the other architecture has another one there."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Box:
    """What is drawn of a block, of the stem or of the head."""

    lines: tuple[Line, ...]
    colour: str
    name: str
    size: str
    stride: int = 1
    layers: int = 1
    skip: bool = False


@dataclass(frozen=True)
class Chain:
    """A network as boxes, to be drawn in rows of COLUMNS."""

    title: str
    totals: str
    boxes: Sequence[Box]

    @property
    def rows(self) -> list[Sequence[Box]]:
        return [self.boxes[first : first + COLUMNS] for first in range(0, len(self.boxes), COLUMNS)]

    @property
    def inside(self) -> float:
        """Inches of a box's height."""
        return LINE * (max(len(box.lines) for box in self.boxes) + 0.6)

    @property
    def row_height(self) -> float:
        return ABOVE + self.inside + BELOW

    @property
    def height(self) -> float:
        return TITLE + len(self.rows) * self.row_height


def of_architecture(architecture: Architecture, frame: Frame, title: str) -> Figure:
    """The network that `architecture` is in `frame`. Raises InputError if it is none."""
    return _drawn([_chain(architecture, frame, title, (), _colours([architecture]))])


def compared(
    first: Architecture, second: Architecture, frames: tuple[Frame, Frame], titles: tuple[str, str]
) -> Figure:
    """Two networks, one above the other; what differs in a block of theirs is marked in both."""
    marked, colours = _differing(first, second), _colours([first, second])
    pairs = zip((first, second), frames, titles, strict=True)
    return _drawn([_chain(*pair, marked, colours) for pair in pairs])


def _differing(first: Architecture, second: Architecture) -> set[tuple[int, str]]:
    """(block from 1, primitive) of what differs; of a block that only one of them has, everything."""
    common = min(len(first), len(second))
    changes = differences(Architecture(first.blocks[:common]), Architecture(second.blocks[:common]))
    found = {(change.block, change.primitive) for change in changes}
    for number, pair in enumerate(zip_longest(first, second), start=1):
        if None in pair:
            found |= {(number, name) for block in pair if block is not None for name in block}
    return found


def _colours(architectures: Sequence[Architecture]) -> Mapping[str, str]:
    """A colour an operation; those of plugins share what is left."""
    ops = sorted({str(block["conv"]) for architecture in architectures for block in architecture})
    others = [op for op in ops if op not in KNOWN]
    return KNOWN | {op: OTHERS[number % len(OTHERS)] for number, op in enumerate(others)}


def _chain(
    architecture: Architecture,
    frame: Frame,
    title: str,
    marked: Collection[tuple[int, str]],
    colours: Mapping[str, str],
) -> Chain:
    network = expand(architecture, frame)
    rows = {row.block: row for row in describe(network)}  # of a block the last layer's
    counted = count(network)
    boxes = [_stem(rows["stem"])]
    for number, (block, stride) in enumerate(zip(architecture, frame.strides, strict=True), start=1):
        row = rows[str(number)]
        differing = {name for place, name in marked if place == number}
        boxes.append(
            Box(
                tuple(_lines(block, row, differing)),
                colours[str(block["conv"])],
                f"block {number}",
                _size(row),
                stride,
                int(block["depth"]),
                bool(block["skip"]),
            )
        )
    head = (Line("head"), Line(f"{frame.head_filters:,} wide"), Line(f"{frame.num_classes:,} classes"))
    boxes.append(Box(head, "white", "head", "1×1"))
    totals = f"{counted.params:,} params, {counted.mult_adds:,} mult-adds"
    return Chain(title, totals, boxes)


def _stem(row: Row) -> Box:
    lines = (Line("stem"), Line(f"{row.op} {row.kernel}×{row.kernel}"), Line(f"{row.outputs:,} wide"))
    return Box(lines, "white", "stem", _size(row), row.stride)


def _size(row: Row) -> str:
    return "×".join(map(str, row.output_size))


def _lines(block: Block, row: Row, differing: Collection[str]) -> Iterator[Line]:
    """Operation, kernel, layers, width, skip, then the primitives of plugins."""
    depth, skip = int(block["depth"]), bool(block["skip"])
    texts = {
        "conv": str(block["conv"]),
        "kernel": f"{block['kernel']}×{block['kernel']}",
        "depth": f"{depth} layer{'s' * (depth > 1)}",
        "width": f"{row.outputs:,} wide",
        "skip": "skip" if skip else "no skip",
    }
    for name in (*texts, *(name for name in block if name not in texts)):
        yield Line(texts.get(name) or f"{named(name, 6)} {block[name]}", name in differing)


def _drawn(chains: Sequence[Chain]) -> Figure:
    columns = max(LEAST, *(len(row) for chain in chains for row in chain.rows))
    width = 2 * MARGIN + columns * (BOX + GAP)
    height = sum(chain.height for chain in chains) + MARGIN
    figure = Figure((width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))  # in inches, downwards
    axes.set_axis_off()
    top = 0.0
    for chain in chains:
        _draw_chain(axes, chain, top)
        top += chain.height
    marks = any(line.marked for chain in chains for box in chain.boxes for line in box.lines)
    note = f"{NOTE} · framed in red: differs" if marks else NOTE
    axes.text(MARGIN, height - 0.12, note, fontsize=7, color=GREY, va="center")
    return figure


def _draw_chain(axes: Axes, chain: Chain, top: float) -> None:
    most = int((axes.get_xlim()[1] - 2 * MARGIN) / LETTER)
    axes.text(MARGIN, top + 0.2, named(chain.title, most), size=10, weight="bold", va="center", **PLAIN)
    axes.text(MARGIN, top + 0.42, chain.totals, size=8, va="center")
    for number, row in enumerate(chain.rows):
        box_top = top + TITLE + number * chain.row_height + ABOVE
        for column, box in enumerate(row):
            left = MARGIN + GAP + column * (BOX + GAP)
            _draw_arrow(axes, left, box_top + chain.inside / 2, box.stride)
            _draw_box(axes, box, left, box_top, chain.inside)


def _draw_arrow(axes: Axes, left: float, middle: float, stride: int) -> None:
    """What comes in, and the stride that it is taken with."""
    ends = (left - GAP, middle), (left, middle)
    axes.add_patch(FancyArrowPatch(*ends, color=INK, lw=0.8, mutation_scale=7, **ARROW))
    if stride > 1:
        axes.text(left - 0.09, middle - 0.12, f"/{stride}", fontsize=7.5, ha="center", va="center", color=INK)


def _draw_box(axes: Axes, box: Box, left: float, top: float, height: float) -> None:
    face = tuple(0.55 + 0.45 * part for part in to_rgb(box.colour))
    for sheet in reversed(range(min(box.layers, SHEETS))):
        corner = (left + sheet * SHEET, top - sheet * SHEET)
        axes.add_patch(Rectangle(corner, BOX, height, fc=face, ec=INK, lw=0.8))
    if box.skip:
        _draw_skip(axes, left, top - (min(box.layers, SHEETS) - 1) * SHEET)
    for number, line in enumerate(box.lines):
        frame = {"fc": "white", "ec": MARK, "lw": 1.2, "pad": 1.2} if line.marked else None
        axes.text(
            left + BOX / 2,
            top + LINE * (number + 0.8),
            named(line.text, LETTERS),
            fontsize=8,
            weight="bold" if line.marked or not number else "normal",
            ha="center",
            va="center",
            color=INK,
            bbox=frame,
            **PLAIN,
        )
    for number, text in enumerate((box.name, box.size)):
        place = left + BOX / 2, top + height + 0.12 + 0.15 * number
        axes.text(*place, text, size=7.5, ha="center", va="center", color=INK)


def _draw_skip(axes: Axes, left: float, top: float) -> None:
    ends, bow = ((left + 0.1, top), (left + BOX - 0.1, top)), "arc3,rad=-0.3"
    axes.add_patch(FancyArrowPatch(*ends, connectionstyle=bow, color=BLUE, lw=1.4, mutation_scale=8, **ARROW))

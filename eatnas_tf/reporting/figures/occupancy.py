"""How often each value of each primitive lives in a population: heat maps by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eatnas_tf.reporting.diversity import Shares, shares
from eatnas_tf.reporting.figures.style import INK, PLAIN, named, sized
from eatnas_tf.space import Architecture, Primitive

ROW, COLUMN = 0.27, 0.55  # inches of a cell
LEAST = 2.5  # inches across all cells
BETWEEN = 0.5  # of a row, between two primitives
LEFT, RIGHT, ABOVE, BELOW = 1.75, 0.2, 0.4, 0.55  # inches around the cells
DARK = 0.6  # a share above that is written in white


def of_population(architectures: Sequence[Architecture], primitives: Sequence[Primitive]) -> Figure:
    """A heat map a primitive, a row a value, a column a block; cells are shares of the population in %."""
    found = [shares(architectures, primitive) for primitive in primitives]
    blocks = max(map(len, architectures))
    rows = sum(map(len, found)) + BETWEEN * (len(found) - 1)
    width = max(COLUMN * blocks, LEAST)
    figure, axes = sized(width, ROW * rows, (LEFT, RIGHT, ABOVE, BELOW))
    top, ticks = 0.0, []
    for primitive, one in zip(primitives, found, strict=True):
        ticks += _map(axes, primitive, one, top)
        top += len(one) + BETWEEN
    axes.set(xlim=(0, blocks), ylim=(rows, 0), xlabel="block")
    axes.set_xticks(np.arange(blocks) + 0.5, [str(block) for block in range(1, blocks + 1)])
    axes.set_yticks(*zip(*ticks, strict=True), **PLAIN)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"share of the population of {len(architectures):,} (%)", fontsize=10)
    return figure


def _map(axes: Axes, primitive: Primitive, found: Shares, top: float) -> list[tuple[float, str]]:
    """Draws one heat map from `top` on; the places of its rows and what they are called."""
    cells = 100 * np.array(list(found.values()))
    rows, blocks = cells.shape
    extent = (0, blocks, top + rows, top)
    axes.imshow(cells, cmap="Blues", vmin=0, vmax=100, aspect="auto", extent=extent)
    for (row, block), share in np.ndenumerate(cells):
        if share:
            colour = "white" if share > 100 * DARK else INK
            axes.text(
                block + 0.5, top + row + 0.5, f"{share:.0f}", ha="center", va="center", c=colour, size=8
            )
    name, place = named(primitive.name, 10), (0.1 - LEFT) / max(COLUMN * blocks, LEAST)
    across = axes.get_yaxis_transform()  # parts of the cells' width; down in rows
    axes.text(place, top + rows / 2, name, transform=across, va="center", weight="bold", **PLAIN)
    return [(top + row + 0.5, named(primitive.text(value), 8)) for row, value in enumerate(found)]

"""Tables on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eatnas_tf.errors import shown
from eatnas_tf.evolution import Individual
from eatnas_tf.layers.counting import Count, Row

Cells = Sequence[object]
RANKED = ("rank", "id", "score", "accuracy %", "size", "architecture")
PIPED_WIDTH = 200


def show(title: str, columns: Sequence[str], rows: Iterable[Cells], left: Sequence[str] = ()) -> None:
    """Prints a table; columns not named in `left` hold numbers. A tuple is a cell of several lines."""
    say(title)
    table = Table()
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    _console().print(table)


def say(line: str) -> None:
    """Prints a line, however long."""
    _console().print(Text(shown(line)), soft_wrap=True)


def layers(title: str, rows: Sequence[Row], total: Count) -> None:
    """A network's description, a row a layer, and its totals."""
    cells: list[Cells] = [
        (
            row.block,
            row.op,
            row.kernel,
            row.stride,
            row.inputs,
            row.outputs,
            "x".join(map(str, row.output_size)),
            f"{row.counted.params:,}",
            f"{row.counted.mult_adds:,}",
        )
        for row in rows
    ]
    cells.append(("total", "", "", "", "", "", "", f"{total.params:,}", f"{total.mult_adds:,}"))
    show(
        title,
        ("block", "op", "kernel", "stride", "in", "out", "output size", "params", "mult-adds"),
        cells,
        left=("block", "op"),
    )


def best(title: str, individuals: Sequence[Individual]) -> None:
    """The best of a search, with codes to paste."""
    show(title, RANKED, ranked(individuals), left=("architecture",))


def ranked(individuals: Sequence[Individual]) -> list[Cells]:
    """A row each below RANKED, the first of them ranked first."""
    return [
        (
            rank,
            one.id,
            f"{one.score:.4f}",
            f"{100 * one.measurement.accuracy:.2f}",
            f"{one.measurement.size:,}",
            one.architecture,
        )
        for rank, one in enumerate(individuals, start=1)
    ]


def _cell(cell: object) -> Text:
    """Markup in it is text; what does not print is written out."""
    lines = cell if isinstance(cell, tuple) else (cell,)
    return Text("\n".join(shown(str(line)) for line in lines))


def _console() -> Console:
    """Standard output; wide where it is not a terminal, so that a code stays on one line."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)

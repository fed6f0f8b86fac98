"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from eatnas_tf.errors import shown
from eatnas_tf.layers.counting import Count, Row
from eatnas_tf.reporting import terminal
from eatnas_tf.searches import Individual

Cells = Sequence[object]


def show(
    title: str, columns: Sequence[str], rows: Iterable[Cells], left: Sequence[str] = (), last: bool = True
) -> None:
    """Prints a table; columns not named in `left` hold numbers. A tuple is a cell of several lines.

    One that is not the `last` of its command is not shown under `terminal.quiet`.
    """
    if terminal.is_quiet() and not last:
        return
    terminal.results().print(Text(shown(title), "bold"), soft_wrap=True)
    table = Table(header_style="bold cyan", border_style="dim")
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    terminal.results().print(table)


def say(line: str) -> None:
    """Prints a line, however long."""
    terminal.results().print(Text(shown(line)), soft_wrap=True)


def note(line: str) -> None:
    """Prints a line that is no result, so not under `terminal.quiet`."""
    if not terminal.is_quiet():
        say(line)


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


def best(title: str, individuals: Sequence[Individual], objective: str, last: bool = True) -> None:
    """The best of a search, with codes to paste; `last` as in `show`."""
    show(title, ranking(objective), ranked(individuals), left=("architecture",), last=last)


def ranking(objective: str) -> tuple[str, ...]:
    """The columns of a ranking. The size of a network is in the unit of the objective."""
    return ("rank", "id", "score", "accuracy %", objective.replace("_", "-"), "architecture")


def ranked(individuals: Sequence[Individual]) -> list[Cells]:
    """A row each below the columns of `ranking`, the first of them ranked first."""
    return [
        (
            rank,
            one.id,
            f"{one.score:.4f}",
            f"{100 * one.measurement.accuracy:.2f}",
            amount(one.measurement.size),
            one.architecture,
        )
        for rank, one in enumerate(individuals, start=1)
    ]


def amount(size: float) -> str:
    """The size of a network: a count in full, what was measured in four digits."""
    return f"{size:,.0f}" if size >= 1000 or size == int(size) else f"{size:.4g}"


def _cell(cell: object) -> Text:
    """Markup in it is text; what does not print is written out."""
    lines = cell if isinstance(cell, tuple) else (cell,)
    return Text("\n".join(shown(str(line)) for line in lines))

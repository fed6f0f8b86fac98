"""The page: sections of text, tables and pictures become one HTML file with everything inside.

Tables get sorted and searched by DataTables, which the package itables ships. The page's security policy
names the scripts by their hashes and allows no address to be asked for anything.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import itables.options
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from eatnas_tf.errors import shown

TEMPLATE = "page.html.jinja"
START = """\
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
dark.addEventListener("change", follow);
follow();
for (const picture of document.querySelectorAll("figure"))
  picture.querySelector("a.svg").href = picture.querySelector("img").src;
$("table.large").DataTable();
"""
CHANGED = "what changed, by block"
CLASSES = {"architecture": "code", CHANGED: "changes"}  # of the cells in columns of these names
DOTS = 144  # an inch, of a PNG


class Quantity(NamedTuple):
    """A cell that is sorted by its value."""

    text: str
    value: float


Cell = str | Quantity


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Lines:
    """Lines to copy, as they are."""

    kind: ClassVar[str] = "lines"
    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows under columns. `folded` is what stands for a table that is opened by a click.

    A `large` one is sorted and searched; `order` is the column that it is sorted by at first, downwards.
    """

    kind: ClassVar[str] = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: str | None = None
    large: bool = False
    order: int = 0


@dataclass(frozen=True)
class Picture:
    """A figure, shown as SVG; it and its PNG can be saved under its name, which is a word."""

    kind: ClassVar[str] = "picture"
    name: str
    caption: str
    figure: Figure
    broad: bool = False


Part = Text | Lines | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading, and what stands under it."""

    title: str
    parts: Sequence[Part]


class Drawn(NamedTuple):
    """A picture's files as addresses that hold them."""

    svg: str
    png: str


def pictures(sections: Sequence[Section]) -> list[Picture]:
    """Every picture of a page."""
    return [part for section in sections for part in section.parts if isinstance(part, Picture)]


def page(
    title: str, note: str, sections: Sequence[Section], on_picture: Callable[[int], None] = lambda done: None
) -> str:
    """The HTML; `on_picture` hears how many pictures are drawn."""
    drawn = {}
    for number, picture in enumerate(pictures(sections)):
        on_picture(number)
        drawn[picture.name] = _drawn(picture.figure)
    bundle = Path(itables.options.dt_bundle)
    library = bundle.read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("eatnas_tf.reporting.report", "."),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        title=title,
        note=note,
        sections=sections,
        drawn=drawn,
        policy=_policy((library, START)),
        classes=CLASSES,
        style=Markup(bundle.with_suffix(".css").read_text(encoding="utf-8")),
        scripts=[Markup(library), Markup(START)],
    )


def _finalized(value: object) -> object:
    """What data brought is written out where it does not print, then escaped."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy(scripts: Sequence[str]) -> str:
    """Nothing may be fetched; of scripts these may run, word for word."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src 'unsafe-inline'; script-src {allowed}"
    )


def _drawn(figure: Figure) -> Drawn:
    return Drawn(*_addresses(figure))


def _addresses(figure: Figure) -> Iterator[str]:
    for form, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
        file = io.BytesIO()
        with rc_context({"svg.hashsalt": "eatnas_tf"}):  # the same picture is the same file
            figure.savefig(file, format=form, dpi=DOTS, metadata={"Date": None} if form == "svg" else None)
        yield f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode()}"

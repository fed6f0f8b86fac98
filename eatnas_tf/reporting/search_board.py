"""What a search shows in TensorBoard. All of it follows from the candidates, in their order: a search that
goes on shows what it had shown."""

from __future__ import annotations

import gc
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eatnas_tf.errors import PartError
from eatnas_tf.layers import Frame, Network, count
from eatnas_tf.layers.counting import Count
from eatnas_tf.reporting import harmless, pace, population, tables
from eatnas_tf.reporting.ancestry import ancestry
from eatnas_tf.reporting.board import Board
from eatnas_tf.reporting.hparams import Trials
from eatnas_tf.searches import Individual, Ledger, top
from eatnas_tf.space import Architecture, Primitive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 80


@dataclass(frozen=True)
class Subject:
    """A search as its board sees it: `ledger` knows nothing yet, `basic` is what a transfer starts from."""

    primitives: Sequence[Primitive]
    ledger: Ledger
    objective: str
    frame: Frame
    network: Callable[[Architecture], Network]
    settings: Mapping[str, object]
    top_k: int
    basic: tuple[Architecture, Frame] | None = None


class SearchBoard:
    """Curves in `folder`, and candidates as trials in `trials`; steps are evaluations.

    Pictures are drawn after every `every` evaluations (0: never) and at the end. Nothing that goes wrong here
    ends a search.
    """

    def __init__(self, folder: Path, trials: Path, subject: Subject, every: int) -> None:
        self._subject, self._every = subject, every
        trouble = harmless.writing()
        self._drawing = harmless.drawing()
        self._board = Board(folder, trouble)
        self._trials = Trials(
            trials, trouble, subject.primitives, subject.frame, self._count, subject.objective
        )
        self._ledger = subject.ledger
        self._history: list[Individual] = []
        self._counts: dict[int, Count | None] = {}
        self._failures, self._drawn = 0, 0
        flags = [(f"--{name}", _text(value)) for name, value in subject.settings.items() if value is not None]
        self._board.table("settings", ("flag", "value"), flags)

    def resume(self, told: Iterable[Individual]) -> None:
        """Shows what an earlier run has evaluated."""
        for individual in told:
            self._take(individual)
        if self._history:
            self._trials.show(self._history)

    def add(self, individual: Individual) -> None:
        """Shows an evaluated candidate, and what the population has come to with it."""
        self._take(individual)
        self._trials.show(self._history)

    def close(self) -> None:
        """Draws the end, if it is not drawn yet."""
        if self._history and self._drawn != len(self._history):
            self._show_pictures()

    def _take(self, one: Individual) -> None:
        ledger = self._ledger
        ledger.restore(one)
        self._history.append(one)
        self._failures += pace.failed(one)
        step = ledger.evaluations
        shown = pace.scalars(self._history, ledger.told) | {"search/failures": self._failures}
        shown |= {"search/best_score_ever": ledger.best.score} if ledger.best else {}
        if ledger.quality is not None:
            shown |= self._judged(ledger.quality)
            self._board.histogram("population/scores", ledger.population.scores, step)
        self._board.scalars(shown, step)
        if self._every and step % self._every == 0:
            self._show_pictures()

    def _judged(self, quality: float) -> dict[str, float]:
        """Curves of a complete population."""
        alive = self._ledger.population.individuals
        counted = [found for one in alive if (found := self._count(one)) is not None]
        return population.scalars(alive, quality, self._subject.objective, self._subject.primitives, counted)

    def _count(self, one: Individual) -> Count | None:
        """None if a part fails for the architecture."""
        if one.id not in self._counts:
            try:
                self._counts[one.id] = count(self._subject.network(one.architecture))
            except PartError:
                self._counts[one.id] = None
        return self._counts[one.id]

    def _show_pictures(self) -> None:
        step = self._drawn = len(self._history)
        peak = self._ledger.peak
        ranking = top(peak.population.individuals if peak else self._history, self._subject.top_k)
        columns = tables.ranking(self._subject.objective)
        self._board.table("best_of_best_population", columns, tables.ranked(ranking), step)
        if self._drawing.silent:
            return
        with self._drawing(), warnings.catch_warnings(), _uncollected():
            warnings.simplefilter("ignore")  # such as that of a letter that no font has
            for tag, draw in self._pictures(ranking[0]).items():
                self._board.picture(f"pictures/{tag}", _png(draw()), step)

    def _pictures(self, best: Individual) -> Mapping[str, Callable[[], Figure]]:
        """What draws each picture."""
        from eatnas_tf.reporting.figures import (  # matplotlib loads only to draw
            drawing,
            front,
            lineage,
            occupancy,
        )

        subject, alive = self._subject, self._ledger.population.individuals
        codes, ids = [one.architecture for one in alive], {one.id for one in alive}
        title = f"best of the best population: candidate {best.id}, score {best.score:.4f}"
        found = {
            "front": partial(front.of_candidates, self._history, ids, subject.objective),
            "occupancy": partial(occupancy.of_population, codes, subject.primitives),
            "lineage": partial(lineage.of_line, ancestry(best, self._ledger.told)),
            "best": partial(drawing.of_architecture, best.architecture, subject.frame, title),
        }
        if subject.basic is not None:
            basic, frame = subject.basic
            pair, frames = (basic, best.architecture), (frame, subject.frame)
            found["basic_and_best"] = partial(drawing.compared, *pair, frames, ("basic", title))
        return found


@contextmanager
def _uncollected() -> Iterator[None]:
    """Looking for garbage would be a seventh of the time in which matplotlib loads and draws."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _text(value: object) -> str:
    """A setting as its flag takes it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, pil_kwargs={"compress_level": 1})  # three times as fast
    return file.getvalue()

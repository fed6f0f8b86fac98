"""Stages 1 and 2: a search from random architectures, or from a basic one (Algorithms 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial

from eatnas_tf.configs import RuntimeConfig, SearchConfig
from eatnas_tf.errors import InputError
from eatnas_tf.evolution import (
    Candidate,
    Evolution,
    Individual,
    Journal,
    evolve_with,
    top,
)
from eatnas_tf.evolution.journal import ADVICE, individuals, line_of
from eatnas_tf.layers import Frame
from eatnas_tf.reporting import population, progress, tables
from eatnas_tf.stages import devices
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.outcomes import Callback, SearchResult
from eatnas_tf.stages.plans import SearchPlan
from eatnas_tf.stages.setting import Setting, set_up, workforce_of
from eatnas_tf.stages.stopping import Enough, stop_if_asked, stoppable, within
from eatnas_tf.stages.stopwatch import Clocked
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.data import warn_of_rare_classes
from eatnas_tf.training.given_source import GivenSource, StreamedSource


def run(
    config: SearchConfig,
    runtime: RuntimeConfig,
    title: str = "search",
    given: GivenSource | StreamedSource | None = None,
    callbacks: Sequence[Callback] = (),
    last: bool = True,
) -> SearchResult:
    """Searches to the end, or goes on where an earlier run on the same folder stopped.

    Leaves the journal, best.json (the ranking of the best population) and the weights of what is alive.
    `last` says that nothing comes after it, so that its table is the result of the whole command.
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    config.refuse_runtime(runtime)
    with passes_shown():
        setting = set_up(config, given)
    kind, first = "search" if setting.basic is None else "transfer", setting.first_population()
    devices.refuse_missing(runtime)
    check = partial(_refuse_damaged, setting, first)
    with stoppable(), opened(kind, config, runtime, check) as workdir, Journal(workdir.journal) as journal:
        warn_of_rare_classes(setting.source, config.data)
        evolution = _restored(setting, first, journal)
        finished = evolution.finished or _out_of_time(workdir, config.max_hours)
        if finished is None:
            finished = _evolve(setting, runtime, evolution, journal, workdir, title, callbacks)
        workdir.keep_weights(evolution.alive_or_needed())
        _write_best(workdir, evolution, setting.frame, finished)
        result = _result(workdir, evolution, finished)
        _show(result, evolution, config, title, last)
        return result


def _restored(setting: Setting, first: list[Candidate], journal: Journal) -> Evolution:
    """The search as its journal left it. Raises InputError."""
    plan = setting.plan
    evolution = Evolution(first, plan.perturb, plan.score, plan.quality, plan.limits, setting.config.seed)
    for number, individual in enumerate(individuals(journal, plan.space.primitives), start=2):
        try:
            _restore(individual, evolution, plan)
        except InputError as error:
            raise InputError(f"{journal.path}, line {number}: {error}") from None
    return evolution


def _restore(individual: Individual, evolution: Evolution, plan: SearchPlan) -> None:
    refusal = plan.space.refusal(individual.architecture)
    if refusal:
        raise InputError(f"candidate {individual.id} is not in the space ({refusal}); {ADVICE}")
    evolution.restore(individual)


def _refuse_damaged(setting: Setting, first: list[Candidate], workdir: Workdir) -> None:
    """Raises InputError if an earlier run's journal or best.json cannot be gone on from."""
    _restored(setting, first, Journal(workdir.journal))
    _out_of_time(workdir, setting.config.max_hours)


def _evolve(
    setting: Setting,
    runtime: RuntimeConfig,
    evolution: Evolution,
    journal: Journal,
    workdir: Workdir,
    title: str,
    callbacks: Sequence[Callback],
) -> str:
    """Runs the search to its end or to that of its time; why it is over."""
    _write_best(workdir, evolution, setting.frame, None)  # with larger caps it is not finished any more
    places = devices.places(runtime, setting.config.workers)
    from eatnas_tf.stages import boards

    board = boards.of_search(setting, workdir, setting.config.pictures_every)
    board.resume(evolution.told.values())
    workdir.keep_weights(evolution.alive_or_needed())
    total = setting.config.evolution.population + evolution.cycles
    shares: dict[int, float] = {}  # of the candidates that are out
    with progress.bar(title, total, "evaluation") as bar:
        bar.resumed(evolution.evaluations)

        def show() -> None:
            bar.at(evolution.evaluations + sum(shares.values()), population.status(evolution))

        def on_share(number: int, share: float) -> None:
            shares[number] = min(share, 0.99)  # it is done when it is taken
            show()

        def taken(individual: Individual) -> None:
            shares.pop(individual.id, None)
            journal.append(line_of(individual, evolution.quality))
            workdir.keep_weights(evolution.alive_or_needed(), evolution.out)
            _write_best(workdir, evolution, setting.frame, None)
            board.add(individual)
            show()
            for callback in callbacks:
                callback.on_candidate(individual, evolution)

        show()
        max_hours = setting.config.max_hours
        try:
            with (
                within(_seconds_left(max_hours, evolution, len(places)), _over(max_hours)),
                closing(
                    Clocked(workforce_of(setting, runtime, places, workdir, on_share, bar.aside))
                ) as workforce,
            ):
                evolve_with(evolution, workforce, taken)
            stop_if_asked()
        except Enough as reason:
            _refuse_without_best(evolution, setting, str(reason))
            board.close()
            return str(reason)
        board.close()
    assert evolution.finished is not None
    return evolution.finished


def _seconds_left(max_hours: float | None, evolution: Evolution, workers: int) -> float | None:
    """Of the hours given, those that all candidates of earlier runs did not take."""
    if max_hours is None:
        return None
    taken = sum(individual.measurement.seconds for individual in evolution.told.values())
    return 3600 * max_hours - taken / workers


def _out_of_time(workdir: Workdir, max_hours: float | None) -> str | None:
    """Why an earlier run ended before its search, if this one has no more time than that had."""
    if max_hours is None or not (workdir.path / "best.json").exists():
        return None
    finished = workdir.read("best.json").get("finished")
    return finished if finished == _over(max_hours) else None


def _over(max_hours: float | None) -> str:
    return f"the {max_hours or 0:g} hours of --max_hours are over"


def _refuse_without_best(evolution: Evolution, setting: Setting, reason: str) -> None:
    if evolution.peak is None:
        raise InputError(
            f"{reason} after {evolution.evaluations} of the first {setting.config.evolution.population} "
            "architectures: there is no best yet; let the same command go on for longer"
        )


def _write_best(workdir: Workdir, evolution: Evolution, frame: Frame, finished: str | None) -> None:
    """best.json: the best population so far by rank, the best code first, and why the search is over."""
    peak = evolution.peak
    if peak is None:
        return
    ranking = top(peak.population.individuals, len(peak.population))
    weights = workdir.weights_of(ranking[0].id)
    workdir.write(
        "best.json",
        {
            "schema": SCHEMA,
            "finished": finished,
            "architecture": str(ranking[0].architecture),
            "weights": f"weights/{weights.name}" if weights.exists() else None,
            "frame": asdict(frame),
            "quality": peak.quality,
            "cycle": peak.cycle,
            "ranking": [
                {
                    "id": one.id,
                    "architecture": str(one.architecture),
                    "score": one.score,
                    "accuracy": one.measurement.accuracy,
                    "size": one.measurement.size,
                }
                for one in ranking
            ],
        },
    )


def _result(workdir: Workdir, evolution: Evolution, finished: str) -> SearchResult:
    peak = evolution.peak
    assert peak is not None
    ranking = top(peak.population.individuals, len(peak.population))
    return SearchResult(workdir.path, finished, peak.quality, tuple(ranking))


def _show(result: SearchResult, evolution: Evolution, config: SearchConfig, title: str, last: bool) -> None:
    assert evolution.peak is not None
    tables.best(
        f"{title}: {result.finished}; best quality {result.quality:.4f} in cycle {evolution.peak.cycle}, "
        "its population by score",
        result.population[: config.top_k],
        config.evolution.objective,
        last,
    )

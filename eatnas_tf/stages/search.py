"""Stages 1 and 2: a search from random architectures, or from a basic one (Algorithms 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial

from eatnas_tf.configs import RuntimeConfig, SearchConfig, TransferConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame
from eatnas_tf.reporting import population, progress, tables
from eatnas_tf.searches import (
    Candidate,
    Individual,
    Journal,
    Ledger,
    Search,
    run_with,
)
from eatnas_tf.searches.journal import ADVICE, individuals, line_of
from eatnas_tf.stages import devices, inherited, plugins_used, untrained
from eatnas_tf.stages.failures import Streak
from eatnas_tf.stages.looking import passes_shown
from eatnas_tf.stages.outcomes import Callback, SearchResult
from eatnas_tf.stages.plans import SearchPlan
from eatnas_tf.stages.setting import Setting, set_up, workforce_of
from eatnas_tf.stages.stopping import Enough, stop_if_asked, stoppable, within
from eatnas_tf.stages.stopwatch import Clocked
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.data import say_validation, warn_of_rare_classes
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
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together,
    and at the end if no candidate trained.
    """
    config, overrides = inherited.settled(config, runtime.workdir)
    config.refuse_runtime(runtime)
    source = config.source if isinstance(config, TransferConfig) else None
    with passes_shown(), plugins_used.named(runtime.workdir, source):
        setting = set_up(config, given)
    kind, first = "search" if setting.basic is None else "transfer", setting.first_population()
    devices.refuse_missing(runtime)
    check = partial(_refuse_damaged, setting, first)
    with (
        stoppable(),
        opened(kind, config, runtime, check, setting.fingerprint, overrides) as workdir,
        Journal(workdir.journal) as journal,
    ):
        if isinstance(config, TransferConfig):
            inherited.announce(config, overrides, config.source)
        warn_of_rare_classes(setting.source, config.data)
        say_validation(setting.source, config.data)
        search = _restored(setting, first, journal)
        ledger = search.ledger
        finished = ledger.finished or _out_of_time(workdir, config.max_hours)
        if finished is None:
            finished = _go_on(setting, runtime, search, journal, workdir, title, callbacks)
        workdir.store.keep(ledger.alive_or_needed())
        untrained.refuse_result(ledger, config.training.learning_rate)
        _write_best(workdir, ledger, setting.frame, finished, setting.source.classes)
        result = _result(workdir, ledger, finished)
        _show(result, ledger, config, title, last)
        return result


def _restored(setting: Setting, first: list[Candidate], journal: Journal) -> Search:
    """The search as its journal left it. Raises InputError."""
    plan = setting.plan
    search = Search(first, plan.strategy(), plan.ledger(), setting.config.seed, plan.space)
    for number, individual in enumerate(individuals(journal, plan.space.primitives), start=2):
        try:
            _restore(individual, search, plan)
        except InputError as error:
            raise InputError(f"{journal.path}, line {number}: {error}") from None
    return search


def _restore(individual: Individual, search: Search, plan: SearchPlan) -> None:
    refusal = plan.space.refusal(individual.architecture)
    if refusal:
        raise InputError(f"candidate {individual.id} is not in the space ({refusal}); {ADVICE}")
    search.restore(individual)


def _refuse_damaged(setting: Setting, first: list[Candidate], workdir: Workdir) -> None:
    """Raises InputError if an earlier run's journal or best.json cannot be gone on from."""
    _restored(setting, first, Journal(workdir.journal))
    _out_of_time(workdir, setting.config.max_hours)


def _go_on(
    setting: Setting,
    runtime: RuntimeConfig,
    search: Search,
    journal: Journal,
    workdir: Workdir,
    title: str,
    callbacks: Sequence[Callback],
) -> str:
    """Runs the search to its end or to that of its time; why it is over."""
    ledger, classes = search.ledger, setting.source.classes
    _write_best(workdir, ledger, setting.frame, None, classes)  # with larger caps it is not finished any more
    places = devices.places(runtime, setting.config.workers)
    from eatnas_tf.stages import boards

    board = boards.of_search(setting, workdir, setting.config.pictures_every)
    board.resume(ledger.told.values())
    workdir.store.keep(ledger.alive_or_needed())
    total = ledger.size + ledger.limits.cycles
    streak = Streak(workdir)
    shares: dict[int, float] = {}  # of the candidates that are out
    with progress.bar(title, total, "evaluation") as bar:
        bar.resumed(ledger.evaluations)

        def show() -> None:
            bar.at(ledger.evaluations + sum(shares.values()), population.status(ledger))

        def on_share(number: int, share: float) -> None:
            shares[number] = min(share, 0.99)  # it is done when it is taken
            show()

        def taken(individual: Individual) -> None:
            shares.pop(individual.id, None)
            journal.append(line_of(individual, ledger.quality))
            workdir.store.keep(ledger.alive_or_needed(), set(ledger.pending))
            _write_best(workdir, ledger, setting.frame, None, classes)
            board.add(individual)
            show()
            streak.take(individual)
            untrained.warn_after_first(ledger, setting.config.training.learning_rate)
            for callback in callbacks:
                callback.on_candidate(individual, ledger)

        show()
        max_hours = setting.config.max_hours
        try:
            with (
                within(_seconds_left(max_hours, ledger, len(places)), _over(max_hours)),
                closing(
                    Clocked(workforce_of(setting, runtime, places, workdir, on_share, bar.aside))
                ) as workforce,
            ):
                run_with(search, workforce, taken)
            stop_if_asked()
        except Enough as reason:
            _refuse_without_best(ledger, setting, str(reason))
            board.close()
            return str(reason)
        board.close()
    assert ledger.finished is not None
    return ledger.finished


def _seconds_left(max_hours: float | None, ledger: Ledger, workers: int) -> float | None:
    """Of the hours given, those that all candidates of earlier runs did not take."""
    if max_hours is None:
        return None
    return 3600 * max_hours - ledger.seconds / workers


def _out_of_time(workdir: Workdir, max_hours: float | None) -> str | None:
    """Why an earlier run ended before its search, if this one has no more time than that had."""
    if max_hours is None or not (workdir.path / "best.json").exists():
        return None
    finished = workdir.read("best.json").get("finished")
    return finished if finished == _over(max_hours) else None


def _over(max_hours: float | None) -> str:
    return f"the {max_hours or 0:g} hours of --max_hours are over"


def _refuse_without_best(ledger: Ledger, setting: Setting, reason: str) -> None:
    if ledger.peak is None:
        raise InputError(
            f"{reason} after {ledger.evaluations} of the first {ledger.size} "
            "architectures: there is no best yet; let the same command go on for longer"
        )


def _write_best(
    workdir: Workdir,
    ledger: Ledger,
    frame: Frame,
    finished: str | None,
    classes: Sequence[str] = (),
) -> None:
    """best.json: the best population so far by rank, the best code first, and why the search is over.

    There is none before a population is whole and a candidate has trained.
    """
    peak = ledger.peak
    if peak is None or not untrained.any_trained(ledger.told.values()):
        return
    ranking = peak.ranking
    store, leader = workdir.store, ranking[0].id
    workdir.write(
        "best.json",
        {
            "schema": SCHEMA,
            "finished": finished,
            "architecture": str(ranking[0].architecture),
            "weights": store.place(leader) if store.has(leader) else None,
            "frame": asdict(frame),
            **({"classes": list(classes)} if classes else {}),
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


def _result(workdir: Workdir, ledger: Ledger, finished: str) -> SearchResult:
    peak = ledger.peak
    assert peak is not None
    return SearchResult(workdir.path, finished, peak.quality, tuple(peak.ranking))


def _show(result: SearchResult, ledger: Ledger, config: SearchConfig, title: str, last: bool) -> None:
    assert ledger.peak is not None
    tables.best(
        f"{title}: {result.finished}; best quality {result.quality:.4f} in cycle {ledger.peak.cycle}, "
        "its population by score",
        result.population[: config.top_k],
        config.evolution.objective,
        last,
    )

"""Stages 1 and 2: a search on one dataset, from random architectures or from a basic one (Algorithms 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from eatnas_tf.configs import RuntimeConfig, SearchConfig, TransferConfig
from eatnas_tf.evolution import (
    Candidate,
    Evolution,
    Individual,
    Journal,
    evolve,
    perturbed_population,
    random_population,
    top,
)
from eatnas_tf.evolution.journal import individuals, line_of
from eatnas_tf.layers import Frame
from eatnas_tf.reporting import progress, tables
from eatnas_tf.stages import plans
from eatnas_tf.stages.stopping import stoppable
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.training.data import open_source, split
from eatnas_tf.training.startup import load_tensorflow


def run(config: SearchConfig, runtime: RuntimeConfig, title: str = "search") -> None:
    """Searches to the end, or goes on where an earlier run on the same folder stopped.

    Leaves the journal, best.json (the ranking of the best population) and the weights of what is alive. Raises
    InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    plan = plans.search(config)
    basic = _basic(config, plan)
    source = open_source(config.data, config.frame.image_size)
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    first = _first_population(config, plan, basic)
    kind = "search" if basic is None else "transfer"
    with stoppable(), opened(kind, config, runtime) as workdir:
        evolution = Evolution(first, plan.perturb, plan.score, plan.quality, plan.limits, config.seed)
        journal = Journal(workdir.journal)
        for individual in individuals(journal, plan.space.primitives):
            evolution.restore(individual)
        if evolution.finished is None:
            _evolve(config, runtime, plan, basic, source, frame, evolution, journal, workdir, title)
        journal.close()
        _write_best(workdir, evolution, frame)
        _show(evolution, config.top_k, title)


def _basic(config: SearchConfig, plan: plans.SearchPlan) -> plans.Origin | None:
    if not isinstance(config, TransferConfig):
        return None
    origin = plans.basic(config.source, config.architecture)
    complete = plan.space.complete(origin.architecture)
    plan.space.refuse_outsider(complete)
    return plans.Origin(complete, origin.frame, origin.weights if config.inherit_seed == "retrained" else None)


def _first_population(config: SearchConfig, plan: plans.SearchPlan, basic: plans.Origin | None) -> list[Candidate]:
    if basic is None:
        return random_population(plan.space, config.evolution.population, config.seed)
    return perturbed_population(basic.architecture, plan.perturb, config.evolution.population, config.seed)


def _evolve(
    config: SearchConfig, runtime: RuntimeConfig, plan: plans.SearchPlan, basic: plans.Origin | None, source: Any,
    frame: Frame, evolution: Evolution, journal: Journal, workdir: Workdir, title: str,
) -> None:
    load_tensorflow()
    from eatnas_tf.reporting.board import Board

    evaluate = _evaluator(config, runtime, plan, basic, source, frame, evolution, workdir)
    board = Board(workdir.tensorboard)
    replayed = Evolution(_first_population(config, plan, basic), plan.perturb, plan.score, plan.quality, plan.limits)
    for individual in individuals(journal, plan.space.primitives):
        replayed.restore(individual)
        board.population(replayed)
    workdir.keep_weights(evolution.alive_or_needed())
    total = config.evolution.population + config.evolution.cycles
    with progress.bar(title, total, "evaluation") as bar:
        bar.resumed(evolution.evaluations)

        def taken(individual: Individual) -> None:
            journal.append(line_of(individual, evolution.quality))
            workdir.keep_weights(evolution.alive_or_needed())
            _write_best(workdir, evolution, frame)
            board.population(evolution)
            bar.at(evolution.evaluations, status(evolution))

        evolve(evolution, evaluate, taken)


def _evaluator(
    config: SearchConfig, runtime: RuntimeConfig, plan: plans.SearchPlan, basic: plans.Origin | None, source: Any,
    frame: Frame, evolution: Evolution, workdir: Workdir,
) -> Callable[[Candidate], Any]:
    from eatnas_tf.layers import expand
    from eatnas_tf.network import weight_file
    from eatnas_tf.stages.evaluation import Evaluator, Trained
    from eatnas_tf.training.strategy import configure
    from eatnas_tf.training.trainer import Trainer

    strategy = configure(runtime.distribution, runtime.logical_cpus)
    train, validation = split(source.train(), config.data, config.seed)
    inherited = None
    if basic is not None and basic.weights is not None and basic.frame is not None:
        inherited = Trained(expand(basic.architecture, basic.frame), weight_file.load(basic.weights))
    return Evaluator(
        frame, Trainer(strategy, train, config.training), validation, plan.objective, config.evolution.inherit,
        config.training.dropout, config.seed, workdir, lambda number: evolution.told[number].architecture, inherited)


def status(evolution: Evolution) -> str:
    """Cycle, best score and population quality, for a bar."""
    best = "-" if evolution.best is None else f"{evolution.best.score:.4f}"
    quality = "-" if evolution.quality is None else f"{evolution.quality:.4f}"
    return f"cycle {evolution.cycle} of {evolution.cycles}, best score {best}, quality {quality}"


def _write_best(workdir: Workdir, evolution: Evolution, frame: Frame) -> None:
    """best.json: the best population so far by rank, the best code first, and whether the search is over."""
    peak = evolution.peak
    if peak is None:
        return
    ranking = top(peak.population.individuals, len(peak.population))
    weights = workdir.weights_of(ranking[0].id)
    workdir.write("best.json", {
        "schema": SCHEMA,
        "finished": evolution.finished,
        "architecture": str(ranking[0].architecture),
        "weights": f"weights/{weights.name}" if weights.exists() else None,
        "frame": asdict(frame),
        "quality": peak.quality,
        "cycle": peak.cycle,
        "ranking": [{"id": one.id, "architecture": str(one.architecture), "score": one.score,
                     "accuracy": one.measurement.accuracy, "size": one.measurement.size} for one in ranking],
    })


def _show(evolution: Evolution, top_k: int, title: str) -> None:
    assert evolution.peak is not None
    tables.best(f"{title}: {evolution.finished}; best quality {evolution.peak.quality:.4f} in cycle "
                f"{evolution.peak.cycle}", top(evolution.peak.population.individuals, top_k))

"""Stages 1 and 2: a search from random architectures, or from a basic one (Algorithms 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from eatnas_tf import registry
from eatnas_tf.configs import RuntimeConfig, SearchConfig, TransferConfig
from eatnas_tf.evolution import (
    Alone,
    Candidate,
    Evolution,
    Individual,
    Journal,
    Measurement,
    Task,
    Workforce,
    evolve_with,
    perturbed_population,
    random_population,
    top,
)
from eatnas_tf.evolution.journal import individuals, line_of
from eatnas_tf.layers import Frame, expand
from eatnas_tf.reporting import population, progress, tables
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, plans
from eatnas_tf.stages.stopping import stop_if_asked, stoppable
from eatnas_tf.stages.workdir import SCHEMA, Workdir, opened
from eatnas_tf.stages.worker import OnShare, Place
from eatnas_tf.stages.workers import LocalWorkers
from eatnas_tf.training.data import Source, division, open_source, split

if TYPE_CHECKING:
    from eatnas_tf.stages.evaluation import Evaluator


@dataclass(frozen=True)
class Setting:
    """A search with everything it starts from."""

    config: SearchConfig
    plan: plans.SearchPlan
    basic: plans.Basic | None
    source: Source
    frame: Frame

    def first_population(self) -> list[Candidate]:
        size, seed = self.config.evolution.population, self.config.seed
        if self.basic is None:
            return random_population(self.plan.space, size, seed)
        return perturbed_population(self.basic.architecture, self.plan.perturb, size, seed)

    def size(self, architecture: Architecture) -> float:
        """The objective of an architecture that nothing else could be measured of."""
        recipe = self.config.training
        return self.plan.objective(
            expand(architecture, self.frame, recipe.dropout, auxiliary=recipe.auxiliary_weight > 0)
        )


def run(config: SearchConfig, runtime: RuntimeConfig, title: str = "search") -> None:
    """Searches to the end, or goes on where an earlier run on the same folder stopped.

    Leaves the journal, best.json (the ranking of the best population) and the weights of what is alive.
    Raises InputError before TensorFlow is loaded or anything is written, if the settings do not fit together.
    """
    setting = _set_up(config)
    plan, kind = setting.plan, "search" if setting.basic is None else "transfer"
    evolution = Evolution(
        setting.first_population(), plan.perturb, plan.score, plan.quality, plan.limits, config.seed
    )
    devices.refuse_missing(runtime)
    with stoppable(), opened(kind, config, runtime) as workdir, Journal(workdir.journal) as journal:
        curves = []
        for individual in individuals(journal, plan.space.primitives):
            evolution.restore(individual)
            curves.append((evolution.cycle, population.scalars(evolution)))
        if evolution.finished is None:
            _write_best(
                workdir, evolution, setting.frame
            )  # a search with larger caps is not finished any more
            _evolve(setting, runtime, evolution, journal, curves, workdir, title)
        _write_best(workdir, evolution, setting.frame)
        _show(evolution, config.top_k, title)


def _set_up(config: SearchConfig) -> Setting:
    plan = plans.search(config)
    basic = None
    if isinstance(config, TransferConfig):
        origin = plans.basic(config.source, config.architecture)
        complete = plan.space.complete(origin.architecture)
        plan.space.refuse_outsider(complete)
        weights = origin.weights if config.inherit_seed == "retrained" else None
        basic = plans.Basic(complete, origin.frame, weights)
    source = open_source(config.data, config.frame.image_size)
    division(config.data, source.train_count)
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    return Setting(config, plan, basic, source, frame)


def _evolve(
    setting: Setting,
    runtime: RuntimeConfig,
    evolution: Evolution,
    journal: Journal,
    curves: list[tuple[int, dict[str, float]]],
    workdir: Workdir,
    title: str,
) -> None:
    places = devices.places(runtime)
    from eatnas_tf.reporting.board import Board

    board = Board(workdir.tensorboard)
    for cycle, scalars in curves:
        board.scalars(scalars, cycle)
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
            _write_best(workdir, evolution, setting.frame)
            board.scalars(population.scalars(evolution), evolution.cycle)
            show()

        with closing(_workforce(setting, runtime, places, workdir, on_share)) as workforce:
            evolve_with(evolution, workforce, taken)
        stop_if_asked()


def _workforce(
    setting: Setting, runtime: RuntimeConfig, places: list[Place], workdir: Workdir, on_share: OnShare
) -> Workforce:
    """Local workers, or this process if there is one place only."""
    if len(places) > 1:
        build = partial(evaluation_in_worker, setting.config, workdir, registry.files())
        return LocalWorkers(places, build, setting.size, on_share)

    def on_share_or_stop(number: int, share: float) -> None:
        stop_if_asked()
        on_share(number, share)

    evaluator = _evaluator(setting, devices.strategy(runtime), workdir, on_share_or_stop)

    def evaluate(task: Task) -> Measurement:
        stop_if_asked()
        return evaluator(task)

    return Alone(evaluate)


def evaluation_in_worker(
    config: SearchConfig, workdir: Workdir, plugins: tuple[str, ...], place: Place, on_share: OnShare
) -> Callable[[str], Measurement]:
    """What a worker evaluates the JSON of this search's tasks with, everything opened anew in its process."""
    for path in plugins:
        registry.add_file(path)
    setting = _set_up(config)
    strategy = devices.strategy(RuntimeConfig(str(workdir.path)), place.threads)
    import tensorflow as tf

    evaluator = _evaluator(setting, strategy, workdir, on_share)

    def evaluate(text: str) -> Measurement:
        try:
            return evaluator(Task.from_json(text, setting.plan.space.primitives))
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(str(error)) from error

    return evaluate


def _evaluator(setting: Setting, strategy: Any, workdir: Workdir, on_share: OnShare) -> Evaluator:
    from eatnas_tf.network import weight_file
    from eatnas_tf.stages.evaluation import Evaluator, Trained
    from eatnas_tf.training.trainer import Trainer

    config, basic = setting.config, setting.basic
    train, validation = split(setting.source.train(), config.data, config.seed)
    inherited = None
    if basic is not None and basic.weights is not None and basic.frame is not None:
        inherited = Trained(expand(basic.architecture, basic.frame), weight_file.load(basic.weights))
    return Evaluator(
        frame=setting.frame,
        trainer=Trainer(strategy, train, config.training),
        validation=validation,
        objective=setting.plan.objective,
        inherit=config.evolution.inherit,
        training=config.training,
        seed=config.seed,
        workdir=workdir,
        basic=inherited,
        on_share=on_share,
    )


def _write_best(workdir: Workdir, evolution: Evolution, frame: Frame) -> None:
    """best.json: the best population so far by rank, the best code first, and whether the search is over."""
    peak = evolution.peak
    if peak is None:
        return
    ranking = top(peak.population.individuals, len(peak.population))
    weights = workdir.weights_of(ranking[0].id)
    workdir.write(
        "best.json",
        {
            "schema": SCHEMA,
            "finished": evolution.finished,
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


def _show(evolution: Evolution, top_k: int, title: str) -> None:
    assert evolution.peak is not None
    tables.best(
        f"{title}: {evolution.finished}; best quality {evolution.peak.quality:.4f} in cycle "
        f"{evolution.peak.cycle}",
        top(evolution.peak.population.individuals, top_k),
    )

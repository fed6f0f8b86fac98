"""The ablations: a transfer and its rivals on one pair of datasets, at equal budgets (section 4.3).

A seed's folder has the search on the source with its two retrained seeds, then a folder an arm with its
search on the target and the training of what that found. All of these are stages as every other.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from eatnas_tf.configs import (
    AblationConfig,
    PipelineConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    settings,
)
from eatnas_tf.fields import NUMBER, field
from eatnas_tf.layers import Frame, count, expand
from eatnas_tf.layers.counting import Count
from eatnas_tf.reporting import verdict
from eatnas_tf.reporting.arms import Arm, Outcome, Point
from eatnas_tf.searches import Individual, Journal, Moment
from eatnas_tf.searches.journal import individuals
from eatnas_tf.space import Architecture
from eatnas_tf.stages import pipeline, plans, results, retrain, search
from eatnas_tf.stages.outcomes import RetrainResult
from eatnas_tf.stages.workdir import Workdir, keep_settings, refusing_write_errors
from eatnas_tf.training.data import division, open_source

EAT = Arm("eat", "transferred, with the seed's weights", seed="basic", pays_retraining=True)
EAT_FRESH = Arm("eat_fresh", "transferred, without its weights", seed="basic")
WORSE = Arm("worse", "transferred from a seed of worse rank", seed="worse", pays_retraining=True)
SCRATCH = Arm("scratch", "searched from scratch")
LONGER = Arm("scratch_longer", "the same, on to the total cost of eat")
RANDOM = Arm("random", "random search")
UNCHANGED = Arm("unchanged", "the basic architecture, no search on the target", seed="basic")
SEARCHES = (EAT, EAT_FRESH, WORSE, SCRATCH, RANDOM)  # on the target; LONGER is SCRATCH, gone on with
ARMS = (EAT, EAT_FRESH, WORSE, SCRATCH, LONGER, RANDOM, UNCHANGED)
APART = 10**9  # seeds on source and target, or else both would begin with the same codes
STEPS = 3 + len(SEARCHES) + len(ARMS)  # of a seed


def run(config: AblationConfig, runtime: RuntimeConfig) -> None:
    """Runs every arm once a seed, or goes on where an earlier run stopped.

    Leaves curves.csv, verdict.csv and pictures in `results/` of the work folder, after every seed. Raises
    InputError.
    """
    config, root = refuse_early(config, runtime), Path(runtime.workdir)
    keep_settings(root, "ablation.json", _settings(config))
    budget, outcomes = Budget.of(config), []
    for seed in config.seeds:
        outcomes += Trial(config, runtime, budget, seed).run()
        with refusing_write_errors():
            verdict.write(root / "results", outcomes, config.target.evolution.cycles)
    verdict.show(outcomes, root / "results")


def refuse_early(config: AblationConfig, runtime: RuntimeConfig) -> AblationConfig:
    """The stages with what each takes over from the one before: on the source, then on the target.

    Raises InputError for what would end a later stage after an earlier one was paid for.
    """
    stages = PipelineConfig(config.source, config.source_retrain, ((config.target, config.target_retrain),))
    found = pipeline.refuse_early(stages, runtime)
    ((target, target_retrain),) = found.transfers
    return replace(config, source_retrain=found.retrain, target=target, target_retrain=target_retrain)


@dataclass(frozen=True)
class Budget:
    """What the parts of an ablation cost, in images trained on."""

    search: int  # on the source
    retraining: int  # of a seed
    candidate: int  # on the target
    evaluations: int  # of a search on the target

    @classmethod
    def of(cls, config: AblationConfig) -> Budget:
        source, target = config.source.evolution, config.target.evolution
        return cls(
            (source.population + source.cycles) * _images(config.source),
            _images(config.source_retrain),
            _images(config.target),
            target.population + target.cycles,
        )

    def before(self, arm: Arm) -> int:
        """What an arm has cost when its search on the target begins."""
        return self.search * bool(arm.seed) + self.retraining * arm.pays_retraining

    @property
    def longer(self) -> int:
        """Evaluations from scratch that cost as much as a transfer in all."""
        return self.evaluations + math.ceil(self.before(EAT) / self.candidate)


class Trial:
    """All arms with one seed."""

    def __init__(self, config: AblationConfig, runtime: RuntimeConfig, budget: Budget, seed: int) -> None:
        self._config, self._runtime, self._budget, self._seed = config, runtime, budget, seed
        self._plan, self._steps = plans.search(config.target), 0

    def run(self) -> list[Outcome]:
        """Raises InputError as the stages do."""
        self._search("source", self._config.source, apart=APART)
        ranking = results.read(self._folder("source/search")).ranking
        for name, place in (("basic", 0), ("worse", self._config.rank - 1)):
            code = ranking[place].architecture
            self._train(f"source/{name}", self._config.source_retrain, code, apart=APART)
        for arm in SEARCHES:
            self._search(arm.name, self._on_target(arm))
        frame = results.read(self._folder(f"{EAT.name}/search")).frame  # that of every search on the target
        return [self._outcome(arm, ranking[0].architecture, frame) for arm in ARMS]

    def _on_target(self, arm: Arm) -> SearchConfig:
        """An arm's search."""
        transfer = self._config.target
        shared = {entry.name: getattr(transfer, entry.name) for entry in dataclasses.fields(SearchConfig)}
        alone = SearchConfig(**shared)
        basic, worse = (str(self._folder(f"source/{name}").path) for name in ("basic", "worse"))
        longer = self._budget.longer - alone.evolution.population
        return {
            EAT: replace(transfer, source=basic),
            EAT_FRESH: replace(transfer, source=basic, inherit_seed="none"),
            WORSE: replace(transfer, source=worse),
            SCRATCH: _evolving(alone, cycles=longer),
            RANDOM: _evolving(alone, perturbation="random", inherit="none"),
        }[arm]

    def _outcome(self, arm: Arm, basic: str, frame: Frame) -> Outcome:
        folder = self._folder(f"{SCRATCH.name if arm == LONGER else arm.name}/search")
        evaluations = {LONGER: self._budget.longer, UNCHANGED: 0}.get(arm, self._budget.evaluations)
        lines = [] if arm == UNCHANGED else self._told(folder)[:evaluations]
        ledger = self._plan.ledger()
        history = list(ledger.replay(lines))
        code = str(ledger.peak.ranking[0].architecture) if ledger.peak else basic
        tested = self._train(f"{arm.name}/final", self._config.target_retrain, code)
        before = self._budget.before(arm)
        return Outcome(
            arm,
            self._seed,
            code,
            tested.params,
            tested.mult_adds,
            tested.top1,
            len(lines),
            before + len(lines) * self._budget.candidate,
            self._seconds_before(arm) + sum(one.measurement.seconds for one in lines),
            tuple(self._point(arm, moment, frame) for moment in history),
        )

    def _told(self, folder: Workdir) -> list[Individual]:
        return list(individuals(Journal(folder.journal), self._plan.space.primitives))

    def _point(self, arm: Arm, moment: Moment, frame: Frame) -> Point:
        alive = moment.population.individuals
        counted = [_count(one.architecture, frame) for one in alive]
        return Point(
            moment.cycle,
            moment.evaluations,
            self._budget.before(arm) + moment.evaluations * self._budget.candidate,
            fmean(one.measurement.accuracy for one in alive),
            fmean(one.params for one in counted),
            fmean(one.mult_adds for one in counted),
            moment.quality,
        )

    def _seconds_before(self, arm: Arm) -> float:
        """Seconds that an arm's part on the source took."""
        searched, trained = self._folder("source/search"), self._folder(f"source/{arm.seed}")
        paid = [searched] * bool(arm.seed) + [trained] * arm.pays_retraining
        return sum(field(line, "seconds", NUMBER) for one in paid for line in Journal(one.journal).lines)

    def _search(self, name: str, config: SearchConfig, apart: int = 0) -> None:
        """Never converges, so that budgets are equal."""
        endless = _evolving(
            replace(config, seed=self._seed + apart), patience=max(1, config.evolution.cycles)
        )
        search.run(endless, *self._place(f"{name}/search"), last=False)

    def _train(self, name: str, config: RetrainConfig, code: str, apart: int = 0) -> RetrainResult:
        alone = replace(config, architecture=code, source=None, top_k=1, seed=self._seed + apart)
        return retrain.run(alone, *self._place(name), last=False)

    def _place(self, name: str) -> tuple[RuntimeConfig, str]:
        """The folder of the next step, and its title."""
        self._steps += 1
        title = f"seed {self._seed}, {self._steps} of {STEPS}: {name}"
        return replace(
            self._runtime, workdir=str(self._folder(name).path), boards=self._runtime.workdir
        ), title

    def _folder(self, name: str) -> Workdir:
        return Workdir(Path(self._runtime.workdir) / f"seed{self._seed}" / name)


def _evolving(config: SearchConfig, **changes: Any) -> SearchConfig:
    return replace(config, evolution=replace(config.evolution, **changes))


@cache
def _count(architecture: Architecture, frame: Frame) -> Count:
    return count(expand(architecture, frame))


def _images(stage: SearchConfig | RetrainConfig) -> int:
    """Training images that one candidate or network sees."""
    source = open_source(stage.data, stage.frame.image_size)
    parts = division(stage.data, source)
    return stage.training.epochs * (parts.train if isinstance(stage, SearchConfig) else parts.whole)


def _settings(config: AblationConfig) -> dict[str, dict[str, Any]]:
    """Whatever must not change between two runs on a folder, by stage."""
    stages = ("source", "source_retrain", "target", "target_retrain")
    found = {name: settings(getattr(config, name)) for name in stages}
    return {**found, "worse": {"worse_rank": config.rank}}

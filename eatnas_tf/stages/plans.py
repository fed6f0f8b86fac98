"""What a config's names stand for, found out before TensorFlow is loaded (or InputError)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from eatnas_tf import registry
from eatnas_tf.configs import (
    BLOCKS,
    EvolutionConfig,
    FrameConfig,
    RetrainConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
)
from eatnas_tf.errors import InputError, UnknownNameError, blaming
from eatnas_tf.fields import POSITIVE, python_number
from eatnas_tf.layers import Frame, Network, conv_ops, expand, is_measured
from eatnas_tf.mutations import operators
from eatnas_tf.network.weight_store import InFile, SavedWeights, Stored
from eatnas_tf.searches import Ledger, Limits, Problem, Quality, Redrawing, Score, Strategy
from eatnas_tf.space import STANDARD, Architecture, ExpansionLimit, LayerLimit, SearchSpace
from eatnas_tf.space.search_space import Constraint
from eatnas_tf.stages import results
from eatnas_tf.stages.workdir import Workdir


@dataclass(frozen=True)
class SearchPlan:
    """A search with every name resolved."""

    space: SearchSpace
    perturb: Callable[[Architecture, Random], Architecture]
    strategy: Callable[[], Strategy]
    objective: Callable[[Network], float]
    score: Score
    quality: Quality
    limits: Limits
    population: int
    given: tuple[Architecture, ...]
    measured: bool = False  # the objective is measured of a trained candidate only

    def ledger(self) -> Ledger:
        """A ledger that knows nothing yet."""
        return Ledger(self.population, self.score, self.quality, self.limits)


@dataclass(frozen=True)
class Basic:
    """An architecture that a stage starts from, with where it was trained: frame and weights, if it was.

    `classes` are those that its outputs stand for; None if that is not known.
    """

    architecture: Architecture
    frame: Frame | None = None
    weights: SavedWeights | None = None
    classes: tuple[str, ...] | None = None


def search_space(config: SpaceConfig, frame: FrameConfig) -> SearchSpace:
    choices = (
        config.conv_choices,
        config.kernel_choices,
        config.skip_choices,
        config.width_choices,
        config.depth_choices,
    )
    primitives = [primitive.restricted(given) for primitive, given in zip(STANDARD, choices, strict=True)]
    primitives += [registry.get("primitives", name) for name in config.primitives]
    for name in config.conv_choices:
        conv_ops.find(str(name))
    limits: list[Constraint] = []
    if config.layers:
        limits.append(LayerLimit(*config.layers))
    if config.expansion:
        stem, base = frame.stem_filters or Frame.stem_filters, frame.width_base or Frame.width_base
        limits.append(ExpansionLimit(*config.expansion, stem, base))
    return SearchSpace(config.blocks or BLOCKS, tuple(primitives), tuple(limits))


def search(config: SearchConfig) -> SearchPlan:
    evolution = config.evolution
    space = search_space(config.space, config.frame)
    if config.frame.strides and len(config.frame.strides) != space.blocks:
        raise InputError(
            f"--strides: {len(config.frame.strides)} given for --blocks={space.blocks}; expected one a block"
        )
    if not config.frame.strides and space.blocks != len(Frame.strides):
        raise InputError(
            f"--strides is missing: the default is for 7 blocks, not {space.blocks}; give one a block"
        )
    mutations = operators(space, evolution.mutations)
    if not mutations:
        raise InputError("the space has a single architecture: give some primitive more than one choice")
    perturbation = registry.get("perturbations", evolution.perturbation)
    objective = registry.get("objectives", evolution.objective)

    def perturb(architecture: Architecture, rng: Random) -> Architecture:
        with blaming(f"perturbation {evolution.perturbation!r}"):
            return _child(perturbation(architecture, space, mutations, rng))

    redrawing = Redrawing(space, perturb)
    return SearchPlan(
        space,
        redrawing,
        _strategy(evolution.strategy, Problem(space, redrawing, evolution.sample)),
        partial(_size, evolution.objective, objective),
        Score(evolution.target, evolution.omega),
        Quality(evolution.target_std, evolution.alpha, evolution.beta),
        Limits(evolution.cycles, evolution.patience, evolution.min_delta),
        evolution.population,
        _given(evolution, space),
        is_measured(objective),
    )


def _strategy(setting: str, problem: Problem) -> Callable[[], Strategy]:
    """Makes the strategy of `--strategy=NAME` or `NAME:ARGUMENT`. Raises InputError."""
    name, _, argument = setting.partition(":")
    part = registry.get("strategies", name)
    if ":" in setting and not registry.is_strange("strategies", name):
        raise InputError(f"--strategy={setting}: {name} takes no argument; give --strategy={name}")
    make: Callable[[], Strategy] = partial(part, replace(problem, argument=argument))
    with blaming(f"strategy {name!r}"):
        make()  # what it refuses is said before anything is written
    return make


def _size(name: str, objective: Callable[[Network], Any], network: Network) -> float:
    with blaming(f"objective {name!r}"):
        size = python_number(objective(network))
        if not POSITIVE.fits(size):
            raise InputError(f"it gave {size!r:.60} back; expected {POSITIVE.name}")
        return size


def _child(found: Any) -> Architecture:
    if not isinstance(found, Architecture):
        raise InputError(f"it gave {found!r:.60} back; expected an Architecture")
    return found


def _given(evolution: EvolutionConfig, space: SearchSpace) -> tuple[Architecture, ...]:
    """The architectures that a person wants in the first population."""
    codes = evolution.seed_architectures
    if len(codes) > evolution.population:
        raise InputError(
            f"--seed_architectures: {len(codes)} codes for --population={evolution.population}; give fewer"
        )
    given = []
    for code in codes:
        try:
            architecture = Architecture.parse(code)
            _refuse_unknown_ops(architecture)
            architecture = space.complete(architecture)
        except InputError as error:
            raise error.saying(f"--seed_architectures: {error}") from None
        refusal = space.refusal(architecture)
        if refusal:
            raise InputError(f"--seed_architectures: {code} is not in the space: {refusal}")
        if architecture in given:
            raise InputError(f"--seed_architectures: {code} is given twice")
        given.append(architecture)
    return tuple(given)


def trained_network(architecture: Architecture, frame: Frame, recipe: TrainingConfig) -> Network:
    """What is trained of an architecture: with the recipe's dropout and auxiliary tower."""
    return expand(architecture, frame, recipe.dropout, auxiliary=recipe.auxiliary_weight > 0)


def parsed(code: str) -> Architecture:
    """A code in text or JSON form."""
    return _parsed(code, "--architecture")


def _parsed(code: str, origin: str) -> Architecture:
    try:
        found = Architecture.from_json(code) if code.lstrip().startswith("[") else Architecture.parse(code)
        _refuse_unknown_ops(found)
    except InputError as error:
        raise error.saying(f"{origin}: {error}") from None
    return found


def _refuse_unknown_ops(architecture: Architecture) -> None:
    """Raises UnknownNameError, which tells of --plugins, before a space says that it has no such choice."""
    for position, block in enumerate(architecture, start=1):
        try:
            conv_ops.find(str(block.get("conv", "sep")))
        except UnknownNameError as error:
            raise error.saying(f"block {position}, {error}") from None


def basic(source: str | None, code: str | None) -> Basic:
    """The basic architecture: of a code, or the best of a finished search or retraining."""
    _refuse_unless_one(source, code)
    if code is not None:
        return Basic(parsed(code))
    workdir = Workdir(Path(str(source)))
    found = results.read(workdir)
    architecture = _parsed(found.architecture, f"--from={source}")
    return Basic(architecture, found.frame, _weights(workdir, found), found.classes)


def _weights(workdir: Workdir, found: results.Result) -> SavedWeights | None:
    """Those of a search's best candidate are in its store, a retraining's in a file of their own."""
    if found.weights is None:
        return None
    return Stored(workdir.store, found.ranking[0].id) if found.ranking else InFile(found.weights)


def to_retrain(config: RetrainConfig) -> list[Architecture]:
    """The top k of a finished search, or the one code."""
    _refuse_unless_one(config.source, config.architecture)
    if config.architecture is not None:
        return [parsed(config.architecture)]
    ranking = results.read(Workdir(Path(str(config.source)))).ranking
    if not ranking:
        raise InputError(f"--from={config.source} is not the work folder of a search or transfer; give one")
    if config.top_k > len(ranking):
        raise InputError(f"--top_k: {config.top_k} of a population of {len(ranking)}; ask for fewer")
    return [_parsed(one.architecture, f"--from={config.source}") for one in ranking[: config.top_k]]


def starts(config: RetrainConfig) -> list[Basic] | None:
    """What the trainings of `to_retrain` inherit from; None for fresh weights. Raises InputError."""
    if config.init == "fresh":
        return None
    if config.source is None:
        raise InputError("--init=inherit takes weights from the search in --from; a code has none")
    workdir = Workdir(Path(config.source))
    best = results.read(workdir)
    store, chosen = workdir.store, best.ranking[: config.top_k]
    for one in chosen:
        if not store.has(one.id):
            place = workdir.path / store.place(one.id)
            raise InputError(f"--init=inherit: {place} is not there any more; use --init=fresh")
    return [
        Basic(Architecture.parse(one.architecture), best.frame, Stored(store, one.id), best.classes)
        for one in chosen
    ]


def _refuse_unless_one(source: str | None, code: str | None) -> None:
    if (source is None) == (code is None):
        raise InputError("give one of --from=WORKDIR and --architecture=CODE")

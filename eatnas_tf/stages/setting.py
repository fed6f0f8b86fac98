"""A search with everything it starts from, and what its candidates are measured with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from eatnas_tf import registry
from eatnas_tf.configs import RuntimeConfig, SearchConfig, TransferConfig
from eatnas_tf.errors import InputError, PartError
from eatnas_tf.layers import Frame, Network
from eatnas_tf.searches import (
    Alone,
    Candidate,
    Measurement,
    Task,
    Workforce,
    perturbed_population,
    random_population,
)
from eatnas_tf.space import Architecture
from eatnas_tf.stages import devices, plans
from eatnas_tf.stages.failures import Surviving
from eatnas_tf.stages.stopping import stop_if_asked
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.stages.worker import Build, OnShare, Place
from eatnas_tf.stages.workers import LocalWorkers
from eatnas_tf.training import passes
from eatnas_tf.training.data import Source, division, held, open_source, own_validation, split
from eatnas_tf.training.examples import memory_limit
from eatnas_tf.training.given_source import GivenSource, StreamedSource
from eatnas_tf.training.passes import OnPass

if TYPE_CHECKING:
    from eatnas_tf.stages.evaluation import Evaluator
    from eatnas_tf.training.engine import Engine
    from eatnas_tf.training.trainer import Trainer


@dataclass(frozen=True)
class Setting:
    """A search with everything it starts from."""

    config: SearchConfig
    plan: plans.SearchPlan
    basic: plans.Basic | None
    source: Source
    frame: Frame
    given: GivenSource | None = None

    @cached_property
    def fingerprint(self) -> str:
        """What changes with the images of the search."""
        return self.source.fingerprint(tests=False)

    def first_population(self) -> list[Candidate]:
        """Raises InputError if there are too few architectures, or PartError if none stands for a network.

        Where a part fails for some of them only, those fail when they are evaluated.
        """
        size, seed = self.config.evolution.population, self.config.seed
        if self.basic is None:
            first = random_population(self.plan.space, size, seed, self.plan.given)
        else:
            basic = self.basic.architecture
            first = perturbed_population(basic, self.plan.perturb, size, seed, self.plan.given)
        self._refuse_unless_one_is_sized([candidate.architecture for candidate in first])
        return first

    def _refuse_unless_one_is_sized(self, architectures: Sequence[Architecture]) -> None:
        """Sees what parts make of architectures before anything is trained."""
        refusals = []
        for architecture in architectures:
            try:
                network = self.network(architecture)
                if not self.plan.measured:
                    self.plan.objective(network)
            except PartError as error:
                refusals.append(error)
        if len(refusals) == len(architectures):
            raise refusals[0]

    def network(self, architecture: Architecture) -> Network:
        """What is trained of a candidate."""
        return plans.trained_network(architecture, self.frame, self.config.training)

    def size(self, architecture: Architecture) -> float:
        """The objective of an architecture. Raises PartError."""
        return self.plan.objective(self.network(architecture))

    def size_of_failed(self, architecture: Architecture) -> float:
        """The size of a candidate without a training; the target, where a part fails or has to measure it."""
        try:
            return self.config.evolution.target if self.plan.measured else self.size(architecture)
        except PartError:
            return self.config.evolution.target


def set_up(config: SearchConfig, given: GivenSource | StreamedSource | None = None) -> Setting:
    """The search on the dataset that `config` names, or on the one that a program has given.

    Raises InputError if the settings do not fit together; loads no TensorFlow to find that out.
    """
    plan = plans.search(config)
    basic = None
    if isinstance(config, TransferConfig):
        origin = plans.basic(config.source, config.architecture)
        complete = plan.space.complete(origin.architecture)
        plan.space.refuse_outsider(complete)
        weights = origin.weights if config.inherit_seed == "retrained" else None
        if weights is not None:
            weights.load()  # refuses damage; the evaluator loads them again
        basic = plans.Basic(complete, origin.frame, weights, origin.classes)
    source = given or open_source(config.data, config.frame.image_size)
    division(config.data, source)
    frame = config.frame.frame(source.image_size, source.channels, len(source.classes))
    if isinstance(given, StreamedSource):
        return Setting(_alone(config), plan, basic, source, frame)
    return Setting(config, plan, basic, source, frame, given)


def _alone(config: SearchConfig) -> SearchConfig:
    """The search in this process, which alone can read a program's tf.data."""
    if config.workers not in (None, 1):
        raise InputError(
            f"--workers: {config.workers} cannot read a tf.data.Dataset of this process, and it does not fit "
            "into memory; use 1, or --dataset with npz:, folder: or a name of tensorflow-datasets"
        )
    return replace(config, workers=1)


def evaluator_of(
    setting: Setting, strategy: Any, workdir: Workdir, on_share: OnShare, room: int | None = None
) -> Evaluator:
    """What measures the candidates of a search in this process; reads the images, `in_memory_if_it_fits`."""
    from eatnas_tf.stages import channels
    from eatnas_tf.stages.evaluation import Evaluator, trained
    from eatnas_tf.training.trainer import Trainer

    config, basic = setting.config, setting.basic
    own = own_validation(setting.source, config.data, room)
    train, validation = split(setting.source.train(room), config.data, config.seed, own)
    trainer = Trainer(strategy, train, config.training, channels.whitening(workdir, train))
    inherited = None
    if basic is not None and basic.weights is not None and basic.frame is not None:
        inherited = trained(basic, setting.source.classes)
    return Evaluator(
        expand=setting.network,
        engine=_engine(config.engine, trainer, setting.frame),
        validation=held(validation, room),
        objective=setting.plan.objective,
        inherit=config.evolution.inherit,
        seed=config.seed,
        store=workdir.store,
        basic=inherited,
        on_share=on_share,
    )


def _engine(name: str | None, trainer: Trainer, frame: Frame) -> Engine:
    """The engine called `name`; by default the shared graph, where its kernels were measured: on a CPU."""
    import tensorflow as tf

    from eatnas_tf.training.engine import KerasEngine
    from eatnas_tf.training.shared_graph.engine import SharedGraph

    several = trainer.strategy.num_replicas_in_sync > 1
    mixed = trainer.config.precision != "float32"
    if several or mixed or (name or ("keras" if tf.config.list_physical_devices("GPU") else "")) == "keras":
        return KerasEngine(trainer)
    return SharedGraph(trainer, frame.num_classes, otherwise=KerasEngine(trainer))


def workforce_of(
    setting: Setting,
    runtime: RuntimeConfig,
    places: list[Place],
    workdir: Workdir,
    on_share: OnShare,
    on_pass: OnPass | None = None,
) -> Workforce:
    """Local workers, or this process if there is one place only."""
    if len(places) > 1:
        room = memory_limit() // len(places)  # decided once: all of them hold the images, or stream them
        build = _evaluation_for_workers(setting, workdir, room)
        return LocalWorkers(places, build, setting.size_of_failed, on_share, on_pass)

    def on_share_or_stop(number: int, share: float) -> None:
        stop_if_asked()
        on_share(number, share)

    with passes.heard(on_pass):
        evaluator = evaluator_of(setting, devices.strategy(runtime), workdir, on_share_or_stop)

    surviving = Surviving(evaluator, setting.size_of_failed, workdir)

    def evaluate(task: Task) -> Measurement:
        stop_if_asked()
        return surviving(task)

    return Alone(evaluate)


def _evaluation_for_workers(setting: Setting, workdir: Workdir, room: int) -> Build:
    """What makes a worker's evaluation of this search's tasks, with all that was handed to this process."""
    handed = setting.config, setting.given, setting.fingerprint, workdir, room
    return partial(_evaluation, *handed, registry.files(), registry.handed_in())


def _evaluation(
    config: SearchConfig,
    given: GivenSource | None,
    fingerprint: str,
    workdir: Workdir,
    room: int,
    plugins: tuple[str, ...],
    parts: registry.Parts,
    place: Place,
    on_share: OnShare,
) -> Callable[[str], Measurement]:
    """Evaluates the JSON of tasks, everything opened anew in a worker's process."""
    for path in plugins:
        registry.add_file(path)
    for group, by_name in parts.items():
        for name, part in by_name.items():
            registry.add(group, name, part)
    setting = set_up(config, given)
    if given is None and setting.fingerprint != fingerprint:
        raise InputError(
            f"--dataset={config.data.dataset}: its data changed while the search was at work; restore the "
            "data and repeat the command, or use another --workdir"
        )
    strategy = devices.strategy(RuntimeConfig(str(workdir.path)), place.threads)
    evaluator = evaluator_of(setting, strategy, workdir, on_share, room)
    surviving = Surviving(evaluator, setting.size_of_failed, workdir, ends_process=True)
    return lambda text: surviving(Task.from_json(text, setting.plan.space.primitives))

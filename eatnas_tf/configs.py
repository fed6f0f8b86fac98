"""Every setting, as frozen values that refuse what they cannot be (InputError).

Field names are the flags' names, so that a message can name the flag.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eatnas_tf import paths
from eatnas_tf.errors import InputError
from eatnas_tf.layers.expand import SHORTCUTS, Frame, default_stem_stride, default_strides
from eatnas_tf.space.primitives import Value
from eatnas_tf.space.widths import WIDEST, WIDTH_BASES

SCHEDULES = ("constant", "cosine", "cosine_restarts", "polynomial")
AUGMENTATIONS = ("none", "flip", "crop_flip", "area_crop", "scale_crop")
INHERITANCE = ("equal", "flexible", "none")
STARTS = ("fresh", "inherit")
SELECTIONS = ("validation", "test")
DISTRIBUTIONS = ("one_device", "mirrored")
EXPONENTS = (-2.0, 2.0)  # far beyond what is of use; nothing that is computed with them overflows
ENGINES = ("shared_graph", "keras")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
SEED_WEIGHTS = ("retrained", "none")
EMBEDDED = "fashion_mnist_mini"
VALIDATION = 0.2
LEAST_CROP = 0.1
BLOCKS = 7
Config = TypeVar("Config", bound="FrameConfig | SpaceConfig | DataConfig")


@dataclass(frozen=True)
class FrameConfig:
    """A frame. What is None comes from the stage before, if there is one.

    Otherwise the dataset fills in image size, channels and classes, and the image size strides and stem
    stride; the rest are the defaults of `Frame`.
    """

    image_size: int | None = None
    channels: int | None = None
    num_classes: int | None = None
    stem_filters: int | None = None
    stem_stride: int | None = None
    strides: tuple[int, ...] | None = None
    head_filters: int | None = None
    width_base: str | None = None
    shortcut: str | None = None

    def __post_init__(self) -> None:
        _make_plain(self)
        _whole(self, image_size=1, channels=1, num_classes=1, stem_filters=1, stem_stride=1, head_filters=1)
        _number(self, image_size=(1, 2**14), stem_stride=(1, 10_000))
        _number(self, stem_filters=(1, WIDEST - 1), head_filters=(1, WIDEST - 1))
        _one_of(self, width_base=(None, *WIDTH_BASES), shortcut=(None, *SHORTCUTS))

    def complete(self) -> FrameConfig:
        """With the defaults of what neither a dataset nor the image size fills in."""
        names = ("stem_filters", "head_filters", "width_base", "shortcut")
        return filled(self, {name: getattr(Frame, name) for name in names})

    def alone(self) -> Frame:
        """The frame without a dataset: ImageNet's input where nothing else is set."""
        return self.frame(224, self.channels or 3, self.num_classes or 1000)

    def frame(self, image_size: int, channels: int, num_classes: int) -> Frame:
        """The frame for images of a dataset. Raises InputError if settings and dataset disagree."""
        for name, found in (("channels", channels), ("num_classes", num_classes)):
            wanted = getattr(self, name)
            if wanted is not None and wanted != found:
                raise InputError(f"{name}: {wanted} was asked for, the dataset has {found}; drop the flag")
        size = self.image_size or image_size
        return Frame(
            size,
            channels,
            num_classes,
            self.stem_filters or Frame.stem_filters,
            self.stem_stride or default_stem_stride(size),
            self.strides or default_strides(size),
            self.head_filters or Frame.head_filters,
            self.width_base or Frame.width_base,
            self.shortcut or Frame.shortcut,
        )


@dataclass(frozen=True)
class SpaceConfig:
    """Choices and limits; None where a limit is not set. `primitives` are plugins' names beyond the five.

    `blocks` left at None are as many as the stage before has, or else BLOCKS.
    """

    blocks: int | None = None
    conv_choices: tuple[Value, ...] = ("sep", "mb3", "mb6")
    kernel_choices: tuple[Value, ...] = (3, 5, 7)
    skip_choices: tuple[Value, ...] = (0, 1)
    width_choices: tuple[Value, ...] = (0.5, 1.0, 1.5, 2.0)
    depth_choices: tuple[Value, ...] = (1, 2, 3, 4)
    primitives: tuple[str, ...] = ()
    layers: tuple[int, int] | None = None
    expansion: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _make_plain(self)
        _whole(self, blocks=1)
        _number(self, blocks=(1, 999))

    def complete(self) -> SpaceConfig:
        return filled(self, {"blocks": BLOCKS})


@dataclass(frozen=True)
class DataConfig:
    """A dataset and its cut. `validation` below 1 is a fraction, else a number of images.

    `centre_crop` is the part of the shorter side that an image is made of; 0: the whole image, squeezed.
    `train_examples` of 0 are all. What is None comes from the stage before, if there is one; or else it is
    the embedded dataset, all of its images, a VALIDATION of them to validate on, squeezed.
    """

    dataset: str | None = None
    data_dir: str | None = None
    train_examples: int | None = None
    validation: float | None = None
    centre_crop: float | None = None

    def __post_init__(self) -> None:
        _make_plain(self)
        _make_local(self, "data_dir")
        if self.dataset is not None:
            object.__setattr__(self, "dataset", paths.dataset(self.dataset))
        _whole(self, train_examples=0)
        _number(self, validation=(0, math.inf), centre_crop=(0, 1))
        if self.train_examples == 1:
            raise InputError("--train_examples: 1 is not at least 2, or 0 for all")
        if self.centre_crop and self.centre_crop < LEAST_CROP:
            raise InputError(
                f"--centre_crop: {self.centre_crop:g} is not from {LEAST_CROP} to 1, or 0 for none"
            )
        if self.validation is None:
            return
        if self.validation == 0 or (self.validation >= 1 and self.validation != round(self.validation)):
            raise InputError(
                f"--validation: {self.validation:g} is neither a fraction above 0 and below 1 "
                "nor a whole number"
            )

    def complete(self) -> DataConfig:
        return filled(self, {"dataset": EMBEDDED, "validation": VALIDATION})

    @property
    def name(self) -> str:
        """The dataset's, as `--dataset` takes it."""
        return EMBEDDED if self.dataset is None else self.dataset


@dataclass(frozen=True)
class TrainingConfig:
    """How one network is trained. The defaults are the paper's for the search on CIFAR-10."""

    epochs: int = 1
    batch_size: int = 128
    learning_rate: float = 0.0256
    schedule: str = "constant"
    final_learning_rate: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 3e-4
    augmentation: str = "crop_flip"
    dropout: float = 0.0
    label_smoothing: float = 0.0
    auxiliary_weight: float = 0.0
    cutout: int = 0
    fixed_scale_epochs: int = 0
    sync_batch_norm: bool = False
    precision: str = "float32"

    def __post_init__(self) -> None:
        _make_plain(self)
        _whole(self, epochs=1, batch_size=1, cutout=0, fixed_scale_epochs=0)
        _number(self, epochs=(1, 10**6), batch_size=(1, 2**20))
        at_least_0 = (0, math.inf)
        _number(self, learning_rate=at_least_0, final_learning_rate=at_least_0, weight_decay=at_least_0)
        _number(self, momentum=(0, 0.999999), dropout=(0, 0.99), label_smoothing=(0, 0.99))
        _number(self, auxiliary_weight=at_least_0)
        _one_of(self, schedule=SCHEDULES, augmentation=AUGMENTATIONS, precision=PRECISIONS)
        if self.learning_rate == 0:
            raise InputError("--learning_rate: 0 is not above 0")


@dataclass(frozen=True)
class EvolutionConfig:
    """Algorithm 1's settings, the score's and the population quality's (sections 2.2, 3.4, 4.1)."""

    population: int = 64
    sample: int = 16
    cycles: int = 1400
    patience: int = 100
    min_delta: float = 1e-4
    objective: str = "params"
    target: float = 3e6
    omega: float = -0.07
    target_std: float = 0.02
    alpha: float = -0.07
    beta: float = -0.07
    mutations: tuple[str, ...] = ()
    perturbation: str = "every_block"
    inherit: str = "equal"
    seed_architectures: tuple[str, ...] = ()
    strategy: str = "evolution"

    def __post_init__(self) -> None:
        _make_plain(self)
        _whole(self, population=2, sample=2, cycles=0, patience=1)
        _number(self, population=(2, 10**6), target=(1e-9, 1e18), target_std=(1e-9, math.inf))
        _number(self, min_delta=(0, math.inf), omega=EXPONENTS, alpha=EXPONENTS, beta=EXPONENTS)
        _one_of(self, inherit=INHERITANCE)
        if self.sample > self.population:
            raise InputError(f"--sample: {self.sample} cannot be drawn from --population={self.population}")


@dataclass(frozen=True)
class SearchConfig:
    """A search: stage 1, and what stage 2 shares with it.

    `workers` and `engine` evaluate the candidates; None: as many as fit, and the fastest. `max_hours` ends
    the search; None: nothing but its own limits does. `pictures_every` so many evaluations, and at the end,
    pictures are drawn; 0: at the end.
    """

    frame: FrameConfig = field(default_factory=FrameConfig)
    space: SpaceConfig = field(default_factory=SpaceConfig)
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evolution: EvolutionConfig = field(default_factory=EvolutionConfig)
    top_k: int = 8
    seed: int = 0
    workers: int | None = None
    engine: str | None = None
    max_hours: float | None = None
    pictures_every: int = 100

    def __post_init__(self) -> None:
        _make_plain(self)
        _whole(self, top_k=1, seed=0, workers=1, pictures_every=0)
        _number(self, max_hours=(0, math.inf), seed=(0, 2**31 - 1), workers=(1, 64))
        _number(self, pictures_every=(0, 10**6))
        _one_of(self, engine=(None, *ENGINES))

    def refuse_runtime(self, runtime: RuntimeConfig) -> None:
        """Raises InputError for what evaluates candidates in another way than `runtime` has devices."""
        if self.engine == "shared_graph" and self.training.precision != "float32":
            raise InputError(
                f"--engine=shared_graph trains in float32; use --engine=keras with "
                f"--precision={self.training.precision}"
            )
        if runtime.distribution != "mirrored":
            return
        if (self.workers or 1) > 1:
            raise InputError(
                f"--workers: {self.workers} with --distribution=mirrored, which trains one candidate on all "
                "devices; use --workers=1 or --distribution=one_device"
            )
        if self.engine == "shared_graph":
            raise InputError(
                "--engine=shared_graph trains on one device; use --engine=keras with --distribution=mirrored"
            )


@dataclass(frozen=True)
class TransferConfig(SearchConfig):
    """A transfer: the seed comes from a finished search or retraining (`source`), or is a code."""

    source: str | None = field(default=None, metadata={"flag": "from"})
    architecture: str | None = None
    inherit_seed: str = "retrained"

    def __post_init__(self) -> None:
        super().__post_init__()
        _make_local(self, "source")
        _one_of(self, inherit_seed=SEED_WEIGHTS)


@dataclass(frozen=True)
class RetrainConfig:
    """A retraining of a finished search's top k, or of one code.

    `repeats` trainings of the chosen network give a mean and a deviation; `init` says whether trainings start
    from fresh weights, as in the paper, or from the search's.
    """

    source: str | None = field(default=None, metadata={"flag": "from"})
    architecture: str | None = None
    top_k: int = 8
    select_on: str = "validation"
    repeats: int = 1
    init: str = "fresh"
    frame: FrameConfig = field(default_factory=FrameConfig)
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        _make_plain(self)
        _make_local(self, "source")
        _whole(self, top_k=1, repeats=1, seed=0)
        _number(self, seed=(0, 2**31 - 1))
        _one_of(self, select_on=SELECTIONS, init=STARTS)


@dataclass(frozen=True)
class PipelineConfig:
    """The stages of a pipeline: a search, then any number of transfers, each with its retraining."""

    search: SearchConfig
    retrain: RetrainConfig
    transfers: tuple[tuple[TransferConfig, RetrainConfig], ...]


@dataclass(frozen=True)
class AblationConfig:
    """A transfer and its rivals: the search on the source, the searches on the target, and their retrainings.

    Everything is done once a seed. `worse_rank` is the rank of the worse seed in the source's population;
    None: the last.
    """

    source: SearchConfig
    source_retrain: RetrainConfig
    target: TransferConfig
    target_retrain: RetrainConfig
    seeds: tuple[int, ...] = (0, 1, 2)
    worse_rank: int | None = None

    def __post_init__(self) -> None:
        _make_plain(self)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise InputError(f"--seeds: {','.join(map(str, self.seeds))}; expected different ones")
        population = self.source.evolution.population
        if not 1 < self.rank <= population:
            raise InputError(f"--worse_rank: {self.rank} is not from 2 to --population={population}")

    @property
    def rank(self) -> int:
        """The worse seed's rank, from 1."""
        return self.source.evolution.population if self.worse_rank is None else self.worse_rank


@dataclass(frozen=True)
class RuntimeConfig:
    """Where and on what a stage runs.

    `boards` is the folder above `workdir` in which a run of several stages collects what they show in
    TensorBoard; None: a stage's is in its own.
    """

    workdir: str
    distribution: str = "one_device"
    logical_cpus: int = 0
    boards: str | None = None

    def __post_init__(self) -> None:
        _make_plain(self)
        _make_local(self, "workdir", "boards")
        _whole(self, logical_cpus=0)
        _number(self, logical_cpus=(0, 64))
        _one_of(self, distribution=DISTRIBUTIONS)
        if self.logical_cpus and self.distribution == "one_device":
            raise InputError("--logical_cpus splits the CPU for --distribution=mirrored; add that flag")


def settings(config: Any) -> dict[str, Any]:
    """Every setting of a config by its flag's name, nested groups laid flat, with the defaults."""
    flat: dict[str, Any] = {}
    config = config.complete() if isinstance(config, FrameConfig | SpaceConfig | DataConfig) else config
    for entry in dataclasses.fields(config):
        value = getattr(config, entry.name)
        if dataclasses.is_dataclass(value):
            flat |= settings(value)
        else:
            flat[entry.metadata.get("flag", entry.name)] = list(value) if isinstance(value, tuple) else value
    return flat


def filled(config: Config, values: dict[str, Any]) -> Config:
    """The config with those of `values` for which it has None."""
    return dataclasses.replace(
        config, **{name: value for name, value in values.items() if getattr(config, name) is None}
    )


def _make_plain(config: Any) -> None:
    """Replaces values of NumPy and the like by Python's own, and lists by tuples.

    So config.json can hold every setting, and equal settings compare equal. Raises InputError for a single
    value where a list belongs.
    """
    for entry in dataclasses.fields(config):
        value = getattr(config, entry.name)
        if entry.type.startswith("tuple"):
            value = _listed(entry.name, value) if value is not None or entry.default is not None else None
        object.__setattr__(config, entry.name, _plain(value))


def _listed(name: str, value: Any) -> Any:
    found = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(found, str | bytes) or not isinstance(found, Sequence):
        raise InputError(f"--{name}: {value!r} is not a list; give one such as [1, 2]")
    return found


def _plain(value: Any) -> Any:
    """Anything with NumPy's `tolist` as Python's own values, and lists as tuples."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | range):
        return tuple(map(_plain, value))
    return value


def _make_local(config: Any, *names: str) -> None:
    """Replaces the paths in the fields named, unless they are None, by `paths.local` ones."""
    for name in names:
        value = getattr(config, name)
        if value is not None:
            flag = next(entry for entry in dataclasses.fields(config) if entry.name == name)
            object.__setattr__(config, name, paths.local(f"--{flag.metadata.get('flag', name)}", value))


def _whole(config: Any, **least: int) -> None:
    """Raises InputError unless the fields named are whole numbers of at least so much, or None by default."""
    for name, low in least.items():
        value = getattr(config, name)
        if not (_unset(config, name) or (_is(value, int) and value >= low)):
            raise InputError(f"--{name}: {value!r} is not a whole number of at least {low}")


def _number(config: Any, **limits: tuple[float, float]) -> None:
    """Raises InputError unless the fields named are finite numbers within (least, most)."""
    for name, (low, high) in limits.items():
        value = getattr(config, name)
        if not (_unset(config, name) or (_is(value, int | float) and math.isfinite(value))):
            raise InputError(f"--{name}: {value!r} is not a finite number")
        if value is not None and not low <= value <= high:
            expected = f"at least {low:g}" if high == math.inf else f"from {low:.10g} to {high:.10g}"
            raise InputError(f"--{name}: {value!r} is not {expected}")


def _one_of(config: Any, **choices: tuple[str | None, ...]) -> None:
    """Raises InputError unless each field named is one of the words."""
    for name, known in choices.items():
        value = getattr(config, name)
        if value not in known:
            raise InputError(f"--{name}: {value!r} is not one of {', '.join(filter(None, known))}")


def _unset(config: Any, name: str) -> bool:
    """Whether the field is None and may be."""
    return getattr(config, name) is None and getattr(type(config), name) is None


def _is(value: object, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)

"""What a stage inherits from the stage before: dataset, frame and preprocessing, where they are not given.

A field of a config that is None is not given. A retraining inherits whatever is not given. The point of a
transfer is another dataset: it inherits the widths of the frame, and the dataset only if it names none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from absl import logging

from eatnas_tf.configs import (
    BLOCKS,
    DataConfig,
    FrameConfig,
    RetrainConfig,
    SearchConfig,
    SpaceConfig,
    TransferConfig,
    filled,
)
from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, OBJECT, TEXT, WHOLE, field, list_of, optional
from eatnas_tf.layers import Frame
from eatnas_tf.reporting import tables
from eatnas_tf.stages import results
from eatnas_tf.stages.workdir import OVERRIDES, Workdir

KINDS = {  # of the fields in a config.json; the others are whole numbers or null
    **dict.fromkeys(("dataset", "width_base", "shortcut"), TEXT),
    **dict.fromkeys(("blocks", "stem_filters", "head_filters"), WHOLE),
    "data_dir": optional(TEXT),
    "validation": optional(NUMBER),
    "centre_crop": optional(NUMBER),
    "strides": optional(list_of(WHOLE)),
}
WIDTHS = ("stem_filters", "head_filters", "width_base", "shortcut")
CUT = ("train_examples", "validation", "centre_crop")
FRAME = ("image_size", "stem_stride", "strides", *WIDTHS)
Stage = TypeVar("Stage", SearchConfig, TransferConfig, RetrainConfig)
Group = TypeVar("Group", DataConfig, FrameConfig, SpaceConfig)


@dataclass(frozen=True)
class Origin:
    """What a stage starts from: what messages call it, how it cut its dataset, and its frame."""

    name: str
    data: DataConfig
    frame: Frame


class Override(NamedTuple):
    """A setting that is given and differs from the one that would be inherited."""

    given: Any
    inherited: Any


Overrides = dict[str, Override]


def settled(config: Stage, workdir: str) -> tuple[Stage, Overrides]:
    """The config with what it inherits from the folder that it starts from, and what was given instead.

    A `workdir` that a version wrote which inherited nothing keeps its own settings. Raises InputError.
    """
    if isinstance(config, RetrainConfig | TransferConfig):
        if config.source is None or config.architecture is not None:
            return config, {}
        origin, before = of_folder(config.source), _as_before(config, Workdir(Path(workdir)))
        if before is not None:
            return before, overrides(before, origin)
        return inheriting(config, origin), overrides(config, origin)
    return config, {}


def inheriting(config: Stage, origin: Origin) -> Stage:
    """The config with what it inherits from `origin`."""
    if isinstance(config, TransferConfig):
        return _transfer(config, origin)  # type: ignore[return-value]
    data, frame = _data(config.data, origin.data), filled(config.frame, _of(asdict(origin.frame), FRAME))
    return replace(config, data=data, frame=frame)


def of_folder(folder: str) -> Origin:
    """What a finished stage's folder hands on. Raises InputError."""
    workdir = Workdir(Path(folder))
    best = results.read(workdir)
    return Origin(folder, recorded_data(workdir), best.frame)


def recorded_data(workdir: Workdir) -> DataConfig:
    """The dataset of a stage and its cut, by its config.json. Raises InputError."""
    return _recorded(workdir, DataConfig())


def overrides(config: RetrainConfig | TransferConfig, origin: Origin) -> Overrides:
    """What is given in `config` and contradicts `origin`. The dataset of a transfer contradicts nothing."""
    frame = asdict(origin.frame)
    found: Overrides = {}
    if isinstance(config, RetrainConfig):
        found = _differing(config.data, asdict(origin.data.complete()), CUT)
        if not same_dataset(config.data, origin.data):
            found = {"dataset": Override(config.data.name, origin.data.name), **found}
    names = WIDTHS if isinstance(config, TransferConfig) else FRAME
    return found | _differing(config.frame, frame, names)


def announce(config: Stage, found: Overrides, origin: str | None) -> None:
    """Says what was given instead of what would have been inherited from the folder `origin`."""
    if not found:
        return
    told = ", ".join(
        f"--{name}={_text(one.given)} (there {_text(one.inherited)})" for name, one in found.items()
    )
    line = f"settings that differ from those of {origin}: {told}"
    if isinstance(config, TransferConfig):
        tables.note(line)
    else:
        logging.warning("%s", line)


def same_dataset(one: DataConfig, other: DataConfig) -> bool:
    """Whether both name the same dataset; a path may be written in two ways."""
    return one.dataset is None or _place(one.name) == _place(other.name)


def _place(name: str) -> str:
    kind, colon, path = name.partition(":")
    return f"{kind}:{os.path.realpath(path)}" if kind in ("npz", "folder") and colon else name


def _transfer(config: TransferConfig, origin: Origin) -> TransferConfig:
    blocks = config.space.blocks or len(origin.frame.strides)
    names = WIDTHS if blocks == BLOCKS else (*WIDTHS, "strides")  # 7 blocks have default strides
    given = config.data.dataset is not None
    inherited = asdict(origin.data)
    data = filled(config.data, _of(inherited, ["data_dir"]) if given else inherited)
    return replace(
        config,
        data=data,
        frame=filled(config.frame, _of(asdict(origin.frame), names)),
        space=replace(config.space, blocks=blocks),
    )


def _data(data: DataConfig, origin: DataConfig) -> DataConfig:
    """Numbers of images are inherited only if the dataset is."""
    inherited = asdict(origin)
    if not same_dataset(data, origin):
        inherited["train_examples"] = None
        if (origin.validation or 0) >= 1:
            inherited["validation"] = None
    return filled(data, inherited)


def _of(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _differing(group: Any, inherited: dict[str, Any], names: Any) -> Overrides:
    """What is given in the group and is not what would be inherited; 0 and None both set nothing."""
    pairs = {name: Override(getattr(group, name), inherited[name]) for name in names}
    return {
        name: pair
        for name, pair in pairs.items()
        if pair.given is not None and (pair.given or None) != (pair.inherited or None)
    }


def _as_before(config: Any, workdir: Workdir) -> Any:
    """The config with the settings of a folder whose version inherited nothing; None for another folder.

    Such a version recorded no overrides.
    """
    if not os.path.exists(workdir.path / "config.json"):
        return None
    found = workdir.read("config.json")
    if OVERRIDES in found or not isinstance(found.get("settings"), dict):
        return None
    groups = {"data": _recorded(workdir, config.data), "frame": _recorded(workdir, config.frame)}
    if isinstance(config, TransferConfig):
        groups["space"] = replace(config.space, blocks=_recorded(workdir, SpaceConfig()).blocks)
    return replace(config, **groups)


def _recorded(workdir: Workdir, group: Group) -> Group:
    """A group with what the folder's config.json has, where it has None. Raises InputError."""
    config = workdir.read("config.json")
    try:
        found = field(config, "settings", OBJECT)
        names = [one.name for one in fields(group) if one.name in found and getattr(group, one.name) is None]
        known = {name: field(found, name, KINDS.get(name, optional(WHOLE))) for name in names}
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
        }
        return replace(group, **plain)
    except InputError as error:
        raise InputError(f"{workdir.path / 'config.json'} is damaged ({error}); restore it") from None


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)

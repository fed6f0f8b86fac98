"""Presets: files of flags that come with the package. A flag on the command line wins over the preset's."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Sequence
from typing import TypeVar

from absl import flags as absl_flags
from absl.testing import flagsaver

from eatnas_tf.errors import InputError
from eatnas_tf.flags import flag_files

Config = TypeVar("Config")


def names() -> list[str]:
    folder = importlib.resources.files("eatnas_tf.flags") / "presets"
    return sorted(
        file.name.removesuffix(".flags") for file in folder.iterdir() if file.name.endswith(".flags")
    )


PRESET = absl_flags.DEFINE_string(
    "preset", None, f"Settings to start from, by name; other flags win over them: {', '.join(names())}."
)


def lines(name: str) -> list[str]:
    """The flags of a preset. Raises InputError."""
    if name not in names():
        raise InputError(f"preset {name!r} is not one of {', '.join(names())}")
    text = (importlib.resources.files("eatnas_tf.flags") / "presets" / f"{name}.flags").read_text(
        encoding="utf-8"
    )
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def expanded(argv: Sequence[str]) -> list[str]:
    """`argv` with its preset's flags before all others, which win so. Raises InputError.

    Of a preset for another binary, only the flags that this one has are taken: `describe` takes its frame.
    A preset may also stand in a --flagfile.
    """
    program, *arguments = argv
    arguments = flag_files.expanded(arguments)
    chosen = []
    for position, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in ("--preset", "-preset"):
            chosen.append(value if equals else arguments[min(position + 1, len(arguments) - 1)])
    if len(chosen) > 1:
        raise InputError(f"--preset is given {len(chosen)} times; give one, other flags win over it")
    found = [line for name in chosen for line in _fitting(lines(name), arguments)]
    known = [line for line in found if line.split("=")[0].lstrip("-") in absl_flags.FLAGS]
    return [program, *known, *arguments]


def configured(preset: str, arguments: Sequence[str], config: Callable[[], Config]) -> Config:
    """What `config()` makes of a preset and arguments that win over it; flags stay as they were."""
    with flagsaver.flagsaver():
        for name in absl_flags.FLAGS:
            absl_flags.FLAGS[name].unparse()
        given = flag_files.expanded(arguments)
        absl_flags.FLAGS(["preset", *_fitting(lines(preset), given), *given])
        return config()


def _fitting(preset: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """A preset's flags without its number of images if `arguments` name another dataset."""
    if _dataset(arguments) in (None, _dataset(preset)):
        return list(preset)
    return [line for line in preset if not line.startswith("--train_examples=")]


def _dataset(arguments: Sequence[str]) -> str | None:
    """The value of the last --dataset among the arguments."""
    found = None
    for place, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in ("--dataset", "-dataset"):
            found = value if equals else next(iter(arguments[place + 1 :]), None)
    return found

"""Wrong input of every kind: one line, exit code 2, nothing on standard output, nothing written.

Cases run in this process; some are run as processes of their own, too, and have to say the same.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from absl.testing import flagsaver
from filelock import FileLock
from PIL import Image

from eatnas_tf import registry
from eatnas_tf.bin import (
    ablate,
    check_plugins,
    describe,
    entry,
    evaluate,
    pipeline,
    predict,
    retrain,
    search,
    transfer,
)
from eatnas_tf.configs import RetrainConfig, RuntimeConfig, SearchConfig
from eatnas_tf.evolution import Journal, Measurement, evolve
from eatnas_tf.evolution.journal import line_of
from eatnas_tf.flags import presets
from eatnas_tf.flags import retrain as retrain_flags
from eatnas_tf.flags import search as search_flags
from eatnas_tf.layers import conv_ops
from eatnas_tf.network import class_names, weight_file
from eatnas_tf.stages import devices
from eatnas_tf.stages import evaluate as evaluating
from eatnas_tf.stages import predict as predicting
from eatnas_tf.stages import retrain as retraining
from eatnas_tf.stages import search as searching
from eatnas_tf.stages.setting import set_up
from eatnas_tf.stages.workdir import opened

PRESETS = ", ".join(presets.names())
PATTERN = "CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH"
CLEAR = "\x1b[2J"  # what a terminal would obey
SPACE = (
    "--blocks=5",
    "--strides=1,1,2,1,2",
    "--stem_filters=12",
    "--depth_choices=1,2",
    "--layers=5,8",
    "--expansion=2,8",
)
SEARCH = (*SPACE, "--population=8", "--sample=4", "--cycles=10", "--workdir=run")
CODE = "-".join(["mb6_k3_s1_w1.0_d1"] * 5)
WIDE = CODE.replace("w1.0", "w2.0", 1)  # within the limits
ONE = "mb6_k3_s1_w1.0_d2"
SINGLE = (
    "--conv_choices=sep",
    "--kernel_choices=3",
    "--skip_choices=1",
    "--width_choices=1",
    "--depth_choices=1",
)
RETRAIN = (f"--architecture={CODE}", "--strides=1,1,2,1,2", "--workdir=run")
GONE = object()


class Case(NamedTuple):
    """A command with what it says: the whole of it, or how it begins if `…` ends it.

    `files` puts into the current folder what the command finds there; it is given a folder of sound ones.
    """

    binary: ModuleType
    arguments: tuple[str, ...]
    message: str
    files: Callable[[Path], object] = lambda sound: None


Row = tuple[list[str], str]


def table(binary: ModuleType, common: tuple[str, ...], *rows: Row) -> list[Case]:
    return [Case(binary, (*common, *arguments), message) for arguments, message in rows]


# --- how they are run


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file with its content and every folder; but not Python's cache of a plugin that was imported."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if "__pycache__" not in path.parts
    }


def never() -> None:
    raise AssertionError("TensorFlow was about to be loaded")


@pytest.fixture
def run(monkeypatch, tmp_path, sound) -> Iterator[Callable[[Case], None]]:
    """Runs a case's command in this process, in a folder of its own and without plugins of others."""
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    monkeypatch.setattr(registry, "_files", [])
    conv_ops.find.cache_clear()
    monkeypatch.setattr(entry.app, "run", lambda main, flags_parser: main(flags_parser(sys.argv)))
    monkeypatch.chdir(tmp_path)

    def call(case: Case) -> None:
        monkeypatch.setattr(sys, "argv", [str(case.binary.__file__), *case.arguments])
        with flagsaver.flagsaver():
            (entry.run_on_files if case.binary is predict else entry.run)(case.binary.main)

    yield call
    conv_ops.find.cache_clear()


@pytest.fixture
def refusal(run, monkeypatch, capsys, caplog, tmp_path, sound) -> Callable[..., str]:
    """What a case's command says, having ended with 2 and left the folder as it was."""

    def call(case: Case, with_tensorflow: bool = False) -> str:
        if not with_tensorflow:
            for module in (devices, evaluating, predicting):
                monkeypatch.setattr(module, "load_tensorflow", never)
        case.files(sound)
        before = tree(tmp_path)
        with pytest.raises(SystemExit) as ended:
            run(case)
        assert ended.value.code == 2
        assert tree(tmp_path) == before
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        said = capsys.readouterr()
        assert said.out == ""
        return message_of(case, said.err)

    return call


def message_of(case: Case, said: str) -> str:
    """The one line that was said, without the program's name."""
    assert said.endswith("\n")
    line = said.removesuffix("\n")
    assert line.isprintable()
    program, _, message = line.partition(": ")
    assert program == case.binary.__name__.rpartition(".")[2]
    return message


def check(case: Case, message: str) -> None:
    if case.message.endswith("…"):
        assert message.startswith(case.message.removesuffix("…"))
    else:
        assert message == case.message


# --- what they find


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A folder of work folders as finished stages leave them, but without networks; and of an image."""
    folder = tmp_path_factory.mktemp("sound")
    with flagsaver.flagsaver():
        entry._parse(["search", *SEARCH])
        _searched(search_flags.config(), folder / "searched")
    with flagsaver.flagsaver():
        entry._parse(["retrain", *RETRAIN])
        _retrained(retrain_flags.config(), folder / "retrained")
    picture(folder / "shirt.png")
    return folder


def _searched(config: SearchConfig, folder: Path) -> None:
    setting = set_up(config)
    with opened("search", config, RuntimeConfig(str(folder))) as workdir, Journal(workdir.journal) as journal:
        evolution = searching._restored(setting, setting.first_population(), journal)
        evolve(
            evolution,
            lambda candidate: Measurement(candidate.id / 100, setting.size(candidate.architecture), 1.0),
            lambda individual: journal.append(line_of(individual, evolution.quality)),
        )
        searching._write_best(workdir, evolution, setting.frame, evolution.finished)


def _retrained(config: RetrainConfig, folder: Path) -> None:
    line = {
        "number": 1,
        "name": "network1",
        "architecture": CODE,
        "on": "test",
        "top1": 0.5,
        "top5": 0.9,
        "loss": 1.5,
        "images": 1500,
        "seconds": 1.0,
    }
    with (
        opened("retrain", config, RuntimeConfig(str(folder))) as workdir,
        Journal(workdir.journal) as journal,
    ):
        journal.append(line)
        frame = config.frame.frame(28, 1, 10)
        retraining._write_best(workdir, [line], frame, tuple("0123456789"))
        weight_file.save(workdir.weights, {"stem_conv/kernel": np.zeros((3, 3, 1, 12), np.float32)})


def written(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda sound: Path(name).write_bytes(data)


def in_turn(*files: Callable[[Path], object]) -> Callable[[Path], None]:
    def put(sound: Path) -> None:
        for one in files:
            one(sound)

    return put


def folder(name: str) -> Callable[[Path], object]:
    return lambda sound: Path(name).mkdir(parents=True)


def copied(name: str, damage: Callable[[Path], object] = lambda place: None) -> Callable[[Path], object]:
    """`run` as a sound stage left it, then damaged."""

    def put(sound: Path) -> None:
        shutil.copytree(sound / name, "run")
        damage(Path("run"))

    return put


def text(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda place: (place / name).write_bytes(data)


def removed(name: str) -> Callable[[Path], object]:
    return lambda place: (place / name).unlink()


def edited(name: str, changes: dict[str, Any]) -> Callable[[Path], object]:
    """Fields of a JSON object set, or taken out if GONE; `a/b` is b in a."""

    def edit(place: Path) -> None:
        content = json.loads((place / name).read_text())
        _set(content, changes)
        (place / name).write_text(json.dumps(content))

    return edit


def _set(content: Any, changes: dict[str, Any]) -> None:
    for path, value in changes.items():
        *parents, last = path.split("/")
        found = content
        for parent in parents:
            found = found[int(parent) if parent.isdigit() else parent]
        if value is GONE:
            del found[last]
        else:
            found[last] = value


def line(number: int, /, **changes: Any) -> Callable[[Path], object]:
    """Fields of one line of a journal set; line 1 is its header."""

    def edit(place: Path) -> None:
        lines = (place / "journal.jsonl").read_text().splitlines()
        content = json.loads(lines[number - 1])
        _set(content, changes)
        lines[number - 1] = json.dumps(content)
        (place / "journal.jsonl").write_text("\n".join([*lines, ""]))

    return edit


def lines(change: Callable[[list[bytes]], object]) -> Callable[[Path], object]:
    """The journal's lines, changed in place."""

    def edit(place: Path) -> None:
        found = (place / "journal.jsonl").read_bytes().splitlines(keepends=True)
        change(found)
        (place / "journal.jsonl").write_bytes(b"".join(found))

    return edit


def picture(path: Path, size: tuple[int, int] = (8, 8), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)


def pictures(*paths: str, **options: Any) -> Callable[[Path], None]:
    def put(sound: Path) -> None:
        for path in paths:
            picture(Path("data") / path, **options)

    return put


def npz(**changes: Any) -> Callable[[Path], object]:
    """A dataset in which some arrays are others; one that is None is left out."""
    good = {
        "x_train": np.zeros((20, 8, 8, 1), np.uint8),
        "y_train": np.arange(20) % 4,
        "x_test": np.zeros((4, 8, 8, 1), np.uint8),
        "y_test": np.arange(4),
    }
    arrays = {name: array for name, array in {**good, **changes}.items() if array is not None}
    return lambda sound: np.savez("mine.npz", **arrays)


def cut(name: str, kept: int) -> Callable[[Path], object]:
    return lambda sound: os.truncate(name, kept)


def zipped(members: dict[str, str | bytes]) -> Callable[[Path], None]:
    """A model.keras of these members, and an image."""

    def put(sound: Path) -> None:
        with zipfile.ZipFile("model.keras", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        shutil.copy(sound / "shirt.png", ".")

    return put


def classes(content: str | bytes) -> Callable[[Path], None]:
    """A model.keras of nothing but class names, and an image."""
    return zipped({class_names.MEMBER: content})


def plugin(source: str, name: str = "mine.py") -> Callable[[Path], object]:
    return written(name, source)


# --- flags

FLAGS = table(
    search,
    SEARCH,
    (["--populaton=8"], "Unknown command line flag 'populaton'. Did you mean: population ?"),
    (["--population=many"], "flag --population=many: invalid literal for int() with base 10: 'many'"),
    (["--population=1"], "flag --population=1: 1 is not an integer in the range [2, 1000000]"),
    (["--population=9999999"], "flag --population=9999999: 9999999 is not an integer in the range …"),
    (["--population"], "Missing value for flag --population"),
    (["--nopopulation"], "Unknown command line flag 'nopopulation'. Did you mean: population ?"),
    (["--sample=9"], "--sample: 9 cannot be drawn from --population=8"),
    (["--cycles=-1"], "flag --cycles=-1: -1 is not a non-negative integer"),
    (["--patience=0"], "flag --patience=0: 0 is not a positive integer"),
    (["--min_delta=-1"], "flag --min_delta=-1: -1.0 is not …"),
    (
        ["--seed=2147483648"],
        "flag --seed=2147483648: 2147483648 is not an integer in the range [0, 2147483647]",
    ),
    (["--seed=1.5"], "flag --seed=1.5: invalid literal for int() with base 10: '1.5'"),
    (["--target=0"], "flag --target=0: 0.0 is not …"),
    (["--target=1e300"], "flag --target=1e300: 1e+300 is not …"),
    (["--target=nan"], "--target: nan is not a finite number"),
    (["--target_std=0"], "flag --target_std=0: 0.0 is not …"),
    (["--omega=-1e9"], "flag --omega=-1e9: -1000000000.0 is not …"),
    (["--omega=nan"], "--omega: nan is not a finite number"),
    (["--alpha=3"], "flag --alpha=3: 3.0 is not …"),
    (["--beta=x"], "flag --beta=x: could not convert string to float: 'x'"),
    (["--inherit=some"], "flag --inherit=some: value should be one of <equal|flexible|none>"),
    (["--width_base=output"], "flag --width_base=output: value should be one of <input|mobilenet_v2>"),
    (["--shortcut=none"], "flag --shortcut=none: value should be one of <projection|identity>"),
    (["--schedule=linear"], "flag --schedule=linear: value should be one of <constant|cosine|…"),
    (["--augmentation=mixup"], "flag --augmentation=mixup: value should be one of <none|flip|…"),
    (["--engine=torch"], "flag --engine=torch: value should be one of <shared_graph|keras>"),
    (["--distribution=cluster"], "flag --distribution=cluster: value should be one of <one_device|mirrored>"),
    (["--epochs=0"], "flag --epochs=0: 0 is not an integer in the range [1, 1000000]"),
    (
        ["--batch_size=2000000"],
        "flag --batch_size=2000000: 2000000 is not an integer in the range [1, 1048576]",
    ),
    (["--learning_rate=0"], "--learning_rate: 0 is not above 0"),
    (["--learning_rate=-1"], "flag --learning_rate=-1: -1.0 is not …"),
    (["--momentum=1"], "flag --momentum=1: 1.0 is not …"),
    (["--dropout=1"], "flag --dropout=1: 1.0 is not …"),
    (["--label_smoothing=-0.1"], "flag --label_smoothing=-0.1: -0.1 is not …"),
    (["--auxiliary_weight=-1"], "flag --auxiliary_weight=-1: -1.0 is not …"),
    (["--image_size=0"], "flag --image_size=0: 0 is not an integer in the range [1, 16384]"),
    (["--image_size=99999999"], "flag --image_size=99999999: 99999999 is not …"),
    (["--channels=3"], "channels: 3 was asked for, the dataset has 1; drop the flag"),
    (["--num_classes=7"], "num_classes: 7 was asked for, the dataset has 10; drop the flag"),
    (["--stem_filters=0"], "flag --stem_filters=0: 0 is not an integer in the range [1, 1048575]"),
    (["--head_filters=1048576"], "flag --head_filters=1048576: 1048576 is not …"),
    (["--stem_stride=99999"], "flag --stem_stride=99999: 99999 is not …"),
    (["--strides=1,1"], "--strides: 2 given for --blocks=5; expected one a block"),
    (["--blocks=4"], "--strides: 5 given for --blocks=4; expected one a block"),
    (["--blocks=1000"], "flag --blocks=1000: 1000 is not an integer in the range [1, 999]"),
    (["--strides=1,x,1,1,1"], "--strides: 'x' is not a whole number from 1 to 10000"),
    (["--strides=1,0,1,1,1"], "--strides: '0' is not a whole number from 1 to 10000"),
    ([f"--strides=1,{'9' * 5000},1,1,1"], "--strides: '9999…"),
    (["--strides="], "--strides: the list is empty; give at least one value"),
    (["--layers=30,40"], "layers: no architecture has 30 to 40; 5 blocks can have 5 to 10"),
    (["--layers=9,8"], "--layers: 9 is more than 8; expected LO,HI with LO at most HI"),
    (["--layers=8"], "--layers: '8' is not LO,HI such as 8,16"),
    (["--layers=8,x"], "--layers: '8,x' is not LO,HI such as 8,16"),
    (["--layers=5,inf"], "--layers: '5,inf' is not LO,HI such as 8,16"),
    (["--layers=5.5,8"], "--layers: '5.5,8' is not LO,HI such as 8,16"),
    (["--expansion=2,nan"], "--expansion: '2,nan' is not LO,HI such as 8,16"),
    (["--expansion=500,600"], "expansion: no architecture has 500 to 600; 5 blocks can have 0.0833333 to 32"),
    (["--conv_choices=sep,mbx"], "no conv op 'mbx' among mb1, mb3, mb6, sep; did you mean 'mb6'?"),
    (["--conv_choices=sep,m_b"], "--conv_choices: 'm_b' is not a word of letters, digits and dots"),
    (["--kernel_choices=3,3"], "primitive kernel: 3, 3 names a value twice"),
    (["--kernel_choices=3,five"], "--kernel_choices: 'five' is not a whole number from 1 to 999"),
    (["--skip_choices=2"], "--skip_choices: '2' is not 0 or 1"),
    (["--depth_choices=0"], "--depth_choices: '0' is not a whole number from 1 to 999"),
    (["--depth_choices="], "--depth_choices: the list is empty; give at least one value"),
    (["--width_choices=0,1"], "--width_choices: '0' is not a number above 0"),
    (["--width_choices=1e3"], "--width_choices: '1e3' is not a number above 0"),
    (
        ["--width_choices=1000000", "--expansion="],
        "block 1, width: 12 x 1000000.0 channels; expected fewer than 1048576",
    ),
    (
        ["--perturbation=every_blok"],
        "no perturbation 'every_blok' among every_block, one_block, random; did you mean 'every_block'?",
    ),
    (
        ["--mutations=kernal"],
        "no mutation 'kernal' among conv, depth, kernel, skip, width; did you mean 'kernel'?",
    ),
    (
        ["--objective=latency"],
        "no objective 'latency' among mult_adds, params; one of your own needs --plugins",
    ),
    (
        ["--primitives=squeeze"],
        "no primitive 'squeeze' among conv, depth, kernel, skip, width; one of your own needs --plugins",
    ),
    (
        [*SINGLE, "--layers=", "--expansion="],
        "the space has a single architecture: give some primitive more than one choice",
    ),
    (
        ["--train_examples=50000"],
        "--train_examples: 50000 is more than the 5000 training images there are",
    ),
    (["--train_examples=1"], "flag --train_examples=1: 1 is not integer >= 2"),
    (
        ["--validation=5000"],
        "--validation: 5000 of 5000 training images; expected at least 1 and fewer than all",
    ),
    (["--validation=0"], "--validation: 0 is neither a fraction above 0 and below 1 nor a whole number"),
    (["--validation=1.5"], "--validation: 1.5 is neither a fraction above 0 and below 1 nor a whole number"),
    (["--validation=inf"], "--validation: inf is not a finite number"),
    (["--logical_cpus=2"], "--logical_cpus splits the CPU for --distribution=mirrored; add that flag"),
    (["--logical_cpus=65"], "flag --logical_cpus=65: 65 is not an integer in the range [0, 64]"),
    (["--workers=0"], "flag --workers=0: 0 is not an integer in the range [1, 64]"),
    (["--workers=65"], "flag --workers=65: 65 is not an integer in the range [1, 64]"),
    (
        ["--workers=2", "--distribution=mirrored"],
        "--workers: 2 with --distribution=mirrored, which trains one candidate on all devices; "
        "use --workers=1 or --distribution=one_device",
    ),
    (
        ["--engine=shared_graph", "--distribution=mirrored"],
        "--engine=shared_graph trains on one device; use --engine=keras with --distribution=mirrored",
    ),
    (
        ["--engine=shared_graph", "--precision=mixed_float16"],
        "--engine=shared_graph trains in float32; use --engine=keras with --precision=mixed_float16",
    ),
    (["--precision=float16"], "flag --precision=float16: value should be one of …"),
    (["--max_hours=-1"], "flag --max_hours=-1: -1.0 is not …"),
    (["--max_hours=nan"], "--max_hours: nan is not a finite number"),
    (["--top_k=0"], "flag --top_k=0: 0 is not a positive integer"),
    (["--workdir="], "--workdir is missing; give a folder, new or of an earlier run of this command"),
    (["extra"], "'extra' is not a flag; flags start with -- (see --help)"),
    (["-"], "'-' is not a flag; flags start with -- (see --help)"),
    ([f"--{CLEAR}=3"], r"Unknown command line flag '\x1b[2J'"),
    ([CLEAR], r"'\x1b[2J' is not a flag; flags start with -- (see --help)"),
    (
        [f"--mutations=[red]{CLEAR}"],
        r"no mutation '[red]\x1b[2J' among conv, depth, kernel, skip, width; one of your own needs --plugins",
    ),
    (["--verbosity=loud"], "flag --verbosity=loud: invalid literal for int() with base 10: 'loud'"),
    (["--stderrthreshold=loud"], "--stderrthreshold must be one of …"),
    (["--logger_levels=loud"], "flag --logger_levels=loud: …"),
    (
        ["--flagfile=missing"],
        "ERROR:: Unable to open flagfile: [Errno 2] No such file or directory: 'missing'",
    ),
)
INCOMPLETE = [
    Case(search, (), "--workdir is missing; give a folder, new or of an earlier run of this command"),
    Case(
        search,
        ("--workdir=run", "--blocks=5"),
        "--strides is missing: the default is for 7 blocks, not 5; give one a block",
    ),
    Case(transfer, SEARCH, "give one of --from=WORKDIR and --architecture=CODE"),
    Case(
        transfer,
        (*SEARCH, "--from=old", f"--architecture={CODE}"),
        "give one of --from=WORKDIR and --architecture=CODE",
    ),
    Case(retrain, ("--workdir=run",), "give one of --from=WORKDIR and --architecture=CODE"),
    Case(
        retrain,
        ("--from=old",),
        "--workdir is missing; give a folder, new or of an earlier run of this command…",
    ),
    Case(evaluate, (), "--from is missing; give the work folder of a finished retraining"),
    Case(evaluate, ("--from=old", "new"), "'new' is not a flag; flags start with -- (see --help)"),
    Case(
        describe, (), "--architecture is missing; give a code such as mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1-…"
    ),
    Case(describe, ("--format=xml",), "flag --format=xml: value should be one of <table|json>"),
    Case(predict, ("shirt.png",), "--model is missing; give the model.keras of a finished retraining"),
    Case(predict, ("--model=none.keras",), "no image is given; name image files behind the flags"),
    Case(predict, ("--top=0", "shirt.png"), "flag --top=0: 0 is not a positive integer"),
    Case(pipeline, (), "--workdir is missing; give a folder, new or of an earlier run of this command"),
    Case(check_plugins, ("--parts=kernal",), "--parts: no part 'kernal' among conv, depth, every_block, …"),
    Case(check_plugins, ("--parts=kernel,,",), "--parts: no part '' among conv, …"),
    Case(check_plugins, ("kernel",), "'kernel' is not a flag; flags start with -- (see --help)"),
]

# --- presets

PRESET = [
    Case(search, (*SEARCH, "--preset=fast"), f"preset 'fast' is not one of {PRESETS}"),
    Case(search, (*SEARCH, "--preset"), f"preset '--preset' is not one of {PRESETS}"),
    Case(search, ("--preset=", *SEARCH), f"preset '' is not one of {PRESETS}"),
    Case(search, (f"--preset=[red]{CLEAR}",), rf"preset '[red]\x1b[2J' is not one of {PRESETS}"),
    Case(search, ("--preset=../search",), f"preset '../search' is not one of {PRESETS}"),
    Case(
        search,
        ("--preset=quickstart_search", "--preset=cifar10_search"),
        "--preset is given 2 times; give one, other flags win over it",
    ),
    Case(
        search,
        ("--flagfile=mine.flags",),
        f"preset 'fast' is not one of {PRESETS}",
        written("mine.flags", "--preset=fast\n"),
    ),
    Case(
        search,
        ("--flagfile=mine.flags",),
        "--flagfile: not text in UTF-8 ('utf-8' codec can't decode byte 0xff in position 0: invalid start "
        "byte); give a file of flags, one a line",
        written("mine.flags", b"\xff\xfe--seed=1\n"),
    ),
    *table(
        pipeline,
        ("--workdir=run",),
        (["--search_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (["--transfer_retrain_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (
            ["--transfer_preset=quickstart_transfer", "--transfer_preset=imagenet_transfer"],
            "2 --transfer_preset and 1 --transfer_retrain_preset; expected as many of one as of the other",
        ),
        (
            ["--search_preset=cifar10_search", "--dataset=fashion_mnist_mini"],
            "strides: 4 given for 7 blocks; expected one a block",
        ),
        (
            ["--transfer_preset=imagenet_transfer", "--dataset=fashion_mnist_mini"],
            "--blocks: 4 in a search, 7 in the transfer after it; make them equal",
        ),
        (["--top_k=50"], "--top_k: 50 to retrain of --population=16; ask for fewer"),
        (
            ["--preset=quickstart_search"],
            "--preset is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            ["--from=elsewhere"],
            "--from is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            [f"--architecture={ONE}"],
            "--architecture is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            ["--train_examples=9000"],
            "--train_examples: 9000 is more than the 5000 training images there are",
        ),
        (["--population=1"], "flag --population=1: 1 is not an integer in the range [2, 1000000]"),
        (["--dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
    ),
    *table(
        ablate,
        ("--workdir=run",),
        (["--source_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (["--target_dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
        (["--source_dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
        (["--seeds="], "--seeds: the list is empty; give at least one value"),
        (["--seeds=0,1,0"], "--seeds: 0,1,0; expected different ones"),
        (["--seeds=1,two"], "--seeds: 'two' is not a whole number of at least 0, below a billion"),
        (["--worse_rank=17"], "--worse_rank: 17 is not from 2 to --population=16"),
        (["--worse_rank=1"], "flag --worse_rank=1: 1 is not integer >= 2"),
        (
            ["--patience=7"],
            "--patience is for a single stage; an ablation sets it for each of its stages",
        ),
        (["--seed=1"], "--seed is for a single stage; an ablation sets it for each of its stages"),
        (
            ["--target_preset=imagenet_transfer"],
            "--blocks: 4 in a search, 7 in the transfer after it; make them equal",
        ),
    ),
]

# --- codes


def coded(code: str, message: str, *others: str) -> Case:
    arguments = ("--strides=1", "--image_size=32", f"--architecture={code}", *others)
    return Case(
        describe, arguments, message if message.startswith("strides") else f"--architecture: {message}"
    )


def row(**changes: Any) -> str:
    return json.dumps([{"conv": "mb6", "kernel": 3, "skip": 1, "width": 1, "depth": 1, **changes}])


CODES = [
    coded("", "block 1, conv: '' is not a word of letters, digits and dots"),
    coded("  ", "block 1, conv: '' is not a word of letters, digits and dots"),
    coded("mb6", f"block 1, kernel is missing; expected {PATTERN}"),
    coded("mb6_k3", f"block 1, skip is missing; expected {PATTERN}"),
    coded(f"{ONE}-", "block 2, conv: '' is not a word of letters, digits and dots"),
    coded(f"{ONE}--{ONE}", "block 2, conv: '' is not a word of letters, digits and dots"),
    coded(f"{ONE}-{ONE}_k5", f"block 2, kernel is given twice; expected {PATTERN}"),
    coded(f"{ONE}_x1", f"block 1, 'x1' is no primitive; expected {PATTERN}"),
    coded(f"{ONE}_", f"block 1, '' is no primitive; expected {PATTERN}"),
    coded("mb6_K3_s1_w1.0_d2", f"block 1, 'K3' is no primitive; expected {PATTERN}"),
    coded("mb6_k03_s1_w1.0_d2", "block 1, kernel: '03' is not a whole number from 1 to 999"),
    coded("mb6_k-3_s1_w1.0_d2", "block 1, kernel: '' is not a whole number from 1 to 999"),
    coded("mb6_k\u0663_s1_w1.0_d2", "block 1, kernel: '\u0663' is not a whole number from 1 to 999"),
    coded("mb6_k3_s2_w1.0_d2", "block 1, skip: '2' is not 0 or 1"),
    coded("mb6_k3_s1_w1e308_d2", "block 1, width: '1e308' is not a number above 0"),
    coded("mb6_k3_s1_w0.0_d2", "block 1, width: '0.0' is not a number above 0"),
    coded("mb6_k3_s1_wnan_d2", "block 1, width: 'nan' is not a number above 0"),
    coded("mb6_k3_s1_w1.0_d1000000000", "block 1, depth: '1000000000' is not a whole number from 1 to 999"),
    coded(f"mb6_k3_s1_w1.0_d{'9' * 5000}", "block 1, depth: '9999…"),
    coded(
        f"mb6_k3\n{CLEAR}_s1_w1.0_d1", r"block 1, kernel: '3\n\x1b[2J' is not a whole number from 1 to 999"
    ),
    coded("[red]mb6[/red]", "'[red]mb6[/red]' is not JSON; expected a list of objects, one a block"),
    coded("{}", "block 1, conv: '{}' is not a word of letters, digits and dots"),
    coded("[{", "'[{' is not JSON; expected a list of objects, one a block"),
    coded("[]", "an architecture needs at least one block"),
    coded("[1]", "'[1]' is not a list of objects; expected one object a block"),
    coded("[[]]", "'[[]]' is not a list of objects; expected one object a block"),
    coded("[{}]", f"block 1, conv is missing; expected {PATTERN}"),
    coded("[" * 10_000, f"{'[' * 40!r} is not JSON; expected a list of objects, one a block"),
    coded('[{"conv":' * 10_000, """'[{"conv":[{"conv":[{"conv":[{"conv":[{"c' is not JSON; …"""),
    coded(row(skip=True), "block 1, skip: True is not a word or a number"),
    coded(row(kernel=None), "block 1, kernel: None is not a word or a number"),
    coded(row(kernel=[3]), "block 1, kernel: [3] is not a word or a number"),
    coded(row(kernel=-3), "block 1, kernel: '-3' is not a whole number from 1 to 999"),
    coded(row(kernel=3.5), "block 1, kernel: '3.5' is not a whole number from 1 to 999"),
    coded(row(width=float("nan")), "block 1, width: 'NaN' is not a number above 0"),
    coded(row(width=float("inf")), "block 1, width: 'Infinity' is not a number above 0"),
    coded(row().replace("3", "1" + "0" * 5000), '\'[{"conv": "mb6", …'),
    coded(row().replace("3", "1e400"), "block 1, kernel: 'Infinity' is not a whole number from 1 to 999"),
    coded(row(conv=f"mb6{CLEAR}"), r"block 1, conv: 'mb6\x1b[2J' is not a word of letters, digits and dots"),
    coded(row(kernal=3), "block 1, no primitive 'kernal' among conv, kernel, skip, width, depth"),
    coded(row(**{"": 3}), "block 1, no primitive '' among conv, kernel, skip, width, depth"),
    coded(row(cls=3), "block 1, no primitive 'cls' among conv, kernel, skip, width, depth"),
]
NETWORKS = [
    Case(describe, (f"--architecture={CODE}",), "strides: 7 given for 5 blocks; expected one a block"),
    *table(
        describe,
        ("--strides=1",),
        (
            ["--architecture=mb_k3_s1_w1.0_d1"],
            "block 1, no conv op 'mb' among mb1, mb3, mb6, sep; did you mean 'mb6'?",
        ),
        (
            ["--architecture=mb999999999_k3_s1_w1.0_d1"],
            "block 1, no conv op 'mb999999999' among mb1, mb3, mb6, sep…",
        ),
        (
            ["--architecture=mb6_k3_s1_w999999999999.0_d1"],
            "block 1, width: 32 x 999999999999.0 channels; expected fewer than 1048576",
        ),
        (
            [
                f"--architecture={'-'.join([ONE] * 8)}",
                "--strides=" + ",".join("1" * 8),
                "--width_base=mobilenet_v2",
            ],
            "block 8: width_base mobilenet_v2 knows 7 blocks; use --width_base=input for more",
        ),
    ),
    *table(
        transfer,
        SEARCH,
        (["--architecture=mb6_k3"], f"--architecture: block 1, skip is missing; expected {PATTERN}"),
        (["--architecture=[{}]"], f"--architecture: block 1, conv is missing; expected {PATTERN}"),
        ([f"--architecture={CODE}-{CODE}"], f"{CODE}-{CODE} has 10 blocks; expected 5"),
        ([f"--architecture={CODE.replace('k3', 'k9')}"], "block 1, kernel: 9 is not one of 3, 5, 7"),
        (
            [f"--architecture={CODE}", "--inherit_seed=all"],
            "flag --inherit_seed=all: value should be one of …",
        ),
    ),
    *table(
        search,
        SEARCH,
        (
            ["--seed_architectures=mb6_k3"],
            f"--seed_architectures: block 1, skip is missing; expected {PATTERN}",
        ),
        (
            [f"--seed_architectures={CODE.replace('k3', 'k9')}"],
            f"--seed_architectures: {CODE.replace('k3', 'k9')} is not in the space: "
            "block 1, kernel: 9 is not one of 3, 5, 7",
        ),
        ([f"--seed_architectures={WIDE},{WIDE}"], f"--seed_architectures: {WIDE} is given twice"),
        (
            [f"--seed_architectures={','.join([WIDE] * 5)}", "--population=4", "--sample=2"],
            "--seed_architectures: 5 codes for --population=4; give fewer",
        ),
    ),
]

# --- datasets

OBJECTS = np.array([{}] * 20, dtype=object)
LABELS = np.arange(20) % 4


def of_npz(message: str, files: Callable[[Path], object], binary: ModuleType = search, *others: str) -> Case:
    arguments = SEARCH if binary is search else RETRAIN
    return Case(binary, (*arguments, "--dataset=npz:mine.npz", *others), f"mine.npz: {message}", files)


NPZ = [
    of_npz("no such file; expected an .npz", folder("else")),
    of_npz(
        "not a readable .npz (IsADirectoryError: [Errno 21] Is a directory: 'mine.npz'); make it again",
        folder("mine.npz"),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again", written("mine.npz", "")
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        written("mine.npz", "x,y\n1,2\n"),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        in_turn(npz(), cut("mine.npz", 200)),
    ),
    of_npz(
        "not a readable .npz (BadZipFile: File is not a zip file); make it again",
        lambda sound: (np.save("mine.npy", LABELS), Path("mine.npy").rename("mine.npz")),
    ),
    of_npz(
        "cannot be read (BadZipFile: Bad CRC-32 for file 'x_train.npy'); make it again",
        in_turn(
            npz(),
            lambda sound: Path("mine.npz").write_bytes(
                Path("mine.npz").read_bytes().replace(b"\0" * 99, b"\1" * 99, 1)
            ),
        ),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(x_train=OBJECTS),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(y_train=OBJECTS),
    ),
    of_npz(
        "cannot be read (ValueError: Object arrays cannot be loaded when allow_pickle=False); make it again",
        npz(classes=np.array(["a", "b", None, 3], dtype=object)),
    ),
    of_npz("no x_train; expected the arrays x_train, y_train", npz(x_train=None)),
    of_npz("no y_train; expected the arrays x_train, y_train", npz(y_train=None)),
    of_npz("no x_train; expected the arrays x_train, y_train", lambda sound: np.savez("mine.npz")),
    of_npz(
        "x_train is float32 (20, 8, 8, 1); expected uint8 (count, height, width, channels)",
        npz(x_train=np.zeros((20, 8, 8, 1), np.float32)),
    ),
    of_npz(
        "x_train is uint8 (20, 64); expected uint8 (count, height, width, channels)",
        npz(x_train=np.zeros((20, 64), np.uint8)),
    ),
    of_npz(
        "x_train is uint8 (0, 8, 8, 1); expected uint8 (count, height, width, channels)",
        npz(x_train=np.zeros((0, 8, 8, 1), np.uint8), y_train=np.zeros(0, int)),
    ),
    of_npz(
        "images are 8x6; give --image_size to make them square", npz(x_train=np.zeros((20, 8, 6), np.uint8))
    ),
    of_npz("y_train is int64 (19,); expected 20 whole numbers", npz(y_train=LABELS[:19])),
    of_npz("y_train is int64 (20, 1); expected 20 whole numbers", npz(y_train=LABELS[:, None])),
    of_npz("y_train is float64 (20,); expected 20 whole numbers", npz(y_train=np.full(20, np.nan))),
    of_npz("y_train is bool (20,); expected 20 whole numbers", npz(y_train=LABELS > 1)),
    of_npz("y_train is <U1 (20,); expected 20 whole numbers", npz(y_train=np.array(["a"] * 20))),
    of_npz(
        "y_train has labels from -1 to 2; expected classes counted from 0, at most 100,000 of them",
        npz(y_train=LABELS - 1),
    ),
    of_npz(
        "y_train has labels from 0 to 4294967296; expected classes counted from 0, at most 100,000 of them",
        npz(y_train=np.append(LABELS[:19], 2**32)),
    ),
    of_npz("2 names in classes, labels up to 3", npz(classes=np.array(["a", "b"]))),
    of_npz(
        "classes names '[red]\\x1b[2J' twice; give every class its own name",
        npz(classes=np.array([f"[red]{CLEAR}"] * 4)),
    ),
    of_npz("no x_test; a retraining ends with a test on x_test, y_test", npz(x_test=None), retrain),
    of_npz("no y_test; a retraining ends with a test on x_test, y_test", npz(y_test=None), retrain),
    Case(search, (*SEARCH, f"--dataset=npz:{CLEAR}"), r"\x1b[2J: no such file; expected an .npz"),
    Case(
        search,
        (*SEARCH, f"--dataset=npz:{'x' * 300}"),
        f"{'x' * 300}: not a readable .npz (OSError: [Errno 36] …",
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--train_examples=21"),
        "--train_examples: 21 is more than the 20 training images there are",
        npz(),
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--validation=0.01"),
        "--validation: 0 of 20 training images; expected at least 1 and fewer than all",
        npz(),
    ),
    Case(
        search,
        (*SEARCH, "--dataset=npz:mine.npz", "--num_classes=10"),
        "num_classes: 10 was asked for, the dataset has 4; drop the flag",
        npz(),
    ),
]


def of_folder(
    message: str, files: Callable[[Path], object], binary: ModuleType = search, *others: str
) -> Case:
    arguments = SEARCH if binary is search else RETRAIN
    return Case(binary, (*arguments, "--dataset=folder:data", *others), message, files)


EMPTY = "add some or remove its folder"
NO_IMAGE = "not an image that can be read (UnidentifiedImageError: cannot identify image file"
FOLDERS = [
    of_folder("data: no such folder; expected one folder a class in it, or in its train/", folder("else")),
    of_folder(
        "data: no such folder; expected one folder a class in it, or in its train/", written("data", "")
    ),
    of_folder("data: 0 folders; expected one a class, two at the least", folder("data")),
    of_folder("data: 1 folders; expected one a class, two at the least", pictures("a/0.png")),
    of_folder("data/train: 1 folders; expected one a class, two at the least", pictures("train/a/0.png")),
    of_folder("data: 1 folders; expected one a class, two at the least", pictures("a/0.png", ".git/0.png")),
    of_folder("data: 0 folders; expected one a class, two at the least", pictures("0.png", "1.png")),
    of_folder(
        f"data: class 'b' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b")),
    ),
    of_folder(
        f"data: class 'b' has no image (data/b/0.jpg: {NO_IMAGE} 'data/b/0.jpg')); {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b"), written("data/b/0.jpg", "no image")),
    ),
    of_folder(
        f"data: class 'b' has no image (data/b/0.png: {NO_IMAGE} 'data/b/0.png')); {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/b"), written("data/b/0.png", "")),
    ),
    of_folder(
        rf"data: class '\x1b[2J' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder(f"data/{CLEAR}")),
    ),
    of_folder(
        rf"data: class '\n[red]\udcff' has no image; {EMPTY}",
        in_turn(pictures("a/0.png"), folder("data/\n[red]\udcff")),
    ),
    of_folder(
        "data: images differ in size or are not square; give --image_size",
        in_turn(pictures("a/0.png"), pictures("b/0.png", size=(9, 9))),
    ),
    of_folder(
        "data: images differ in size or are not square; give --image_size",
        pictures("a/0.png", "b/0.png", size=(9, 8)),
    ),
    of_folder(
        "--validation: 0 of 2 training images; expected at least 1 and fewer than all",
        pictures("a/0.png", "b/0.png"),
    ),
    of_folder(
        "data: no test/ beside train/; a retraining ends with a test on it",
        pictures("train/a/0.png", "train/a/1.png", "train/b/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: no class has the 5 images of which one is for the test",
        pictures("a/0.png", "a/1.png", "b/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: test/ has a class 'c' that train/ has not; remove its folder or add one to train/",
        pictures("train/a/0.png", "train/b/0.png", "test/a/0.png", "test/c/0.png"),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data: test/ has no image; a retraining ends with a test on it",
        in_turn(pictures("train/a/0.png", "train/b/0.png"), folder("data/test/a"), folder("data/test/b")),
        retrain,
        "--validation=1",
    ),
    of_folder(
        "data/test: 0 folders; expected one a class, two at the least",
        in_turn(pictures("train/a/0.png", "train/b/0.png"), folder("data/test")),
        retrain,
        "--validation=1",
    ),
    Case(search, (*SEARCH, f"--dataset=folder:{'x' * 300}"), f"{'x' * 300}: no such folder; expected …"),
]


def of_tfds(name: str, message: str, *others: str) -> Case:
    arguments = (*SEARCH, f"--dataset={name}", "--data_dir=kept", *others)
    return Case(search, arguments, f"dataset {name!r} {message}")


KNOWN = "expected fashion_mnist_mini, npz:PATH, folder:PATH or a name of tensorflow-datasets such as cifar10"
TFDS = [
    of_tfds("cifar11", f"is not known (DatasetNotFoundError: Dataset cifar11 not found.); {KNOWN}"),
    of_tfds("", f"is not known (ValueError: Parsing builder name string  failed.); {KNOWN}"),
    of_tfds("../data", f"is not known (ValueError: Parsing builder name string ../data failed.); {KNOWN}"),
    of_tfds(
        "csv:mine.csv",
        f"is not known (ValueError: Parsing builder name string csv:mine.csv failed.); {KNOWN}",
    ),
    of_tfds("cifar10:9.9.9", "is not known (AssertionError: Failed to construct dataset …"),
    of_tfds("cifar10/blue", "is not known (ValueError: Failed to construct dataset …"),
    of_tfds(f"[red]{CLEAR}\nx", "is not known (ValueError: …"),
    of_tfds("squad", "is not one for image classification: it has no image and class label"),
    of_tfds(
        "imagenet2012",
        "is downloaded by hand into kept/downloads/manual, which is missing or empty: "
        "manual_dir should contain two files: ILSVRC2012_img_train.tar and …",
    ),
]

# --- images and models


def seen(message: str, file: str, files: Callable[[Path], object]) -> Case:
    """An image for a model of which only the names are read before it is refused."""
    return Case(
        predict,
        ("--model=model.keras", "shirt.png", file),
        f"{message.partition(':')[0]}: not an image that can be read ({message.partition(': ')[2]}",
        in_turn(classes('["a", "b"]'), files),
    )


def bomb(sound: Path) -> None:
    """A picture of 900,000,000 pixels in its header."""
    data = bytearray((sound / "shirt.png").read_bytes())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zipfile.crc32(data[12:29]).to_bytes(4, "big")
    Path("x.png").write_bytes(data)


IMAGES = [
    seen("x.png: FileNotFoundError: [Errno 2] No such file or directory: '…", "x.png", folder("else")),
    seen("x: IsADirectoryError: [Errno 21] Is a directory: '…", "x", folder("x")),
    seen("x.png: UnidentifiedImageError: cannot identify image file 'x.png')", "x.png", written("x.png", "")),
    seen(
        "x.png: UnidentifiedImageError: cannot identify image file 'x.png')",
        "x.png",
        written("x.png", "no image"),
    ),
    seen(
        "x.svg: UnidentifiedImageError: cannot identify image file 'x.svg')",
        "x.svg",
        written("x.svg", "<svg/>"),
    ),
    seen(
        "x.png: OSError: …",
        "x.png",
        lambda sound: Path("x.png").write_bytes((sound / "shirt.png").read_bytes()[:20]),
    ),
    seen("x.png: DecompressionBombError: Image size (900000000 pixels) exceeds limit of …", "x.png", bomb),
    seen(r"\x1b[2J.png: FileNotFoundError: …", f"{CLEAR}.png", folder("else")),
    seen(r"\udcff\n.png: UnidentifiedImageError: …", "\udcff\n.png", written("\udcff\n.png", "")),
    seen("mine.npz: UnidentifiedImageError: …", "mine.npz", npz()),
]


def modelled(message: str, files: Callable[[Path], object]) -> Case:
    return Case(predict, ("--model=model.keras", "shirt.png"), f"model.keras: {message}", files)


EXPECTED = "expected the model.keras of a retraining"
DAMAGED = f"{class_names.MEMBER} is damaged"
MODELS = [
    modelled(f"no such file; {EXPECTED}", folder("else")),
    modelled(
        f"cannot be read (IsADirectoryError: [Errno 21] Is a directory: 'model.keras'); {EXPECTED}",
        folder("model.keras"),
    ),
    modelled(f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}", written("model.keras", "")),
    modelled(
        f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}", written("model.keras", "HDF5")
    ),
    modelled(
        f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}",
        in_turn(classes('["a", "b"]'), cut("model.keras", 90)),
    ),
    modelled(f"no class names in it; {EXPECTED}", zipped({})),
    modelled(f"no class names in it; {EXPECTED}", zipped({"config.json": "{}", "metadata.json": "{}"})),
    modelled("cannot be read (JSONDecodeError: …", classes("")),
    modelled("cannot be read (UnicodeDecodeError: …", classes(b'["\xff"]')),
    modelled("cannot be read (RecursionError: …", classes("[" * 100_000)),
    modelled(f"{DAMAGED} (classes is missing); retrain it", classes("{}")),
    modelled(f"{DAMAGED} (classes is missing); retrain it", classes('"ab"')),
    modelled(f"{DAMAGED} (classes is [1, 2]; expected a list of text); retrain it", classes("[1, 2]")),
    modelled(f"{DAMAGED} (centre_crop is missing); retrain it", classes('{"classes": ["a", "b"]}')),
    modelled(
        f"{DAMAGED} (centre_crop is 7; expected a number above 0, at most 1 or null); retrain it",
        classes('{"classes": ["a", "b"], "centre_crop": 7}'),
    ),
    modelled(
        f"cannot be read (BadZipFile: Bad CRC-32 for file 'eatnas_tf/classes.json'); {EXPECTED}",
        in_turn(
            classes('["a", "b"]'),
            lambda sound: Path("model.keras").write_bytes(
                Path("model.keras").read_bytes().replace(b'"b"]', b'"c"]')
            ),
        ),
    ),
    modelled(
        f"cannot be read (NotImplementedError: That compression method is not supported); {EXPECTED}",
        in_turn(
            classes('["a", "b"]'),
            lambda sound: Path("model.keras").write_bytes(
                (data := Path("model.keras").read_bytes())[:8]
                + b"\x63"
                + data[9 : data.index(b"PK\1\2") + 10]
                + b"\x63"
                + data[data.index(b"PK\1\2") + 11 :]
            ),
        ),
    ),
]

# --- plugins

OPS = "from eatnas_tf.layers import BatchNorm, Conv\n"
DICTS = (
    'dicts of parts; expected one such as {"mutations": {"name": function}} '
    "with keys among mutations, perturbations, conv_ops, primitives, objectives"
)


def plugged(message: str, source: str | bytes, *others: str, binary: ModuleType = search) -> Case:
    arguments = SEARCH if binary is search else ("--strides=1",)
    return Case(binary, (*arguments, "--plugins=mine.py", *others), message, written("mine.py", source))


def op(message: str, gives: str) -> Case:
    """A conv op that gives this back."""
    source = f'{OPS}PARTS = {{"conv_ops": {{"own": lambda inputs, outputs, kernel, stride: {gives}}}}}'
    return plugged(
        f"block 1, conv op 'own': {message} (check_plugins tells more)", source, "--conv_choices=own"
    )


PLUGINS = [
    Case(search, (*SEARCH, "--plugins=mine.py"), "--plugins=mine.py: no such Python file"),
    Case(search, (*SEARCH, "--plugins=mine"), "--plugins=mine: no such Python file", folder("mine")),
    Case(search, (*SEARCH, "--plugins=mine.py"), "--plugins=mine.py: no such Python file", folder("mine.py")),
    Case(
        search,
        (*SEARCH, "--plugins=mine.txt"),
        "--plugins=mine.txt: no such Python file",
        written("mine.txt", ""),
    ),
    Case(search, (*SEARCH, f"--plugins={'x' * 300}.py"), f"--plugins={'x' * 300}.py: no such Python file"),
    Case(search, (*SEARCH, f"--plugins={CLEAR}.py"), r"--plugins=\x1b[2J.py: no such Python file"),
    plugged("--plugins=mine.py does not load: SyntaxError: invalid syntax (mine.py, line 1)", "1 +"),
    plugged("--plugins=mine.py does not load: SyntaxError: …", b"\xff\xfe"),
    plugged(
        "--plugins=mine.py does not load: SyntaxError: source code string cannot contain null bytes…",
        b"x = 1\0",
    ),
    plugged(
        "--plugins=mine.py does not load: ModuleNotFoundError: No module named 'nowhere'", "import nowhere"
    ),
    plugged("--plugins=mine.py does not load: ZeroDivisionError: division by zero", "1 / 0"),
    plugged("--plugins=mine.py does not load: RecursionError: …", "def f(): f()\nf()"),
    plugged("--plugins=mine.py does not load: SystemExit: 3", "import sys; sys.exit(3)"),
    plugged("--plugins=mine.py does not load: SystemExit", "raise SystemExit"),
    plugged(
        r"--plugins=mine.py does not load: ValueError: [red]\x1b[2J",
        r"raise ValueError('[red]\x1b[2J\nmore')",
    ),
    plugged(f"--plugins=mine.py: 0 {DICTS}", ""),
    plugged(f"--plugins=mine.py: 0 {DICTS}", "PARTS = {}"),
    plugged(f"--plugins=mine.py: 0 {DICTS}", 'PARTS = [("mutations", print)]'),
    plugged(f"--plugins=mine.py: 0 {DICTS}", 'PARTS = {"mutation": {"own": print}}'),
    plugged(
        f"--plugins=mine.py: 2 {DICTS}", 'A = {"mutations": {"own": print}}\nB = {"objectives": {"own": len}}'
    ),
    plugged(
        "--plugins=mine.py: mutations is not a dict from names to parts", 'PARTS = {"mutations": [print]}'
    ),
    plugged(
        "--plugins=mine.py: mutations is not a dict from names to parts", 'PARTS = {"mutations": {3: print}}'
    ),
    plugged(
        "mutations 'kernel' is registered already; choose another name",
        'PARTS = {"mutations": {"kernel": print}}',
    ),
    plugged("mutations 'own' is 3; expected a function", 'PARTS = {"mutations": {"own": 3}}'),
    plugged("objectives 'own' is None; expected a function", 'PARTS = {"objectives": {"own": None}}'),
    plugged("conv_ops 'own' is [1]; expected a function", 'PARTS = {"conv_ops": {"own": [1]}}'),
    plugged("primitives 'own' is 3; expected a Primitive", 'PARTS = {"primitives": {"own": 3}}'),
    plugged(
        "primitives 'own' is 3; expected a Primitive",
        'PARTS = {"primitives": {"own": 3}}',
        f"--architecture={ONE}",
        binary=describe,
    ),
    plugged(
        "--plugins=mine.py does not load: InputError: primitive own: key 'K' is not a lower-case word "
        "such as 'k' or 'se'",
        'from eatnas_tf.space import Primitive\nPARTS = {"primitives": {"own": Primitive("own", "K", (1,))}}',
    ),
    plugged(
        "two primitives share the key 'k'; rename one",
        "from eatnas_tf.space import Primitive, positive_int\n"
        'PARTS = {"primitives": {"own": Primitive("own", "k", (1, 2), positive_int)}}',
        "--primitives=own",
    ),
    plugged(
        "--plugins=mine.py does not load: ModuleNotFoundError: No module named 'nowhere'",
        "import nowhere",
        binary=check_plugins,
    ),
    op("it gave None back; expected a list of specs", "None"),
    op("it gave [] back; expected a list of specs", "[]"),
    op("it gave 'conv' back; expected a list of specs", "'conv'"),
    op(r"it gave '\x1b[2J' back; expected a list of specs", r"'\x1b[2J'"),
    op("it gave [3] back; expected a list of specs", "[3]"),
    op(
        "two specs are called 'bn'; a layer's names are its own",
        "[Conv('c', inputs, outputs), BatchNorm('bn', outputs), BatchNorm('bn', outputs)]",
    ),
    plugged(
        "objective 'own' gave 'small' back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: "small"}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own' gave 0 back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: 0}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own' gave nan back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: float("nan")}}',
        "--objective=own",
    ),
    Case(
        transfer,
        (*SEARCH, f"--architecture={WIDE}", "--plugins=mine.py", "--perturbation=own"),
        "perturbation 'own' gave None back; expected an Architecture",
        plugin('PARTS = {"perturbations": {"own": lambda *given: None}}'),
    ),
    Case(
        transfer,
        (*SEARCH, f"--architecture={WIDE}", "--plugins=mine.py", "--mutations=own"),
        "a mutation gave 'child' back; expected an Architecture",
        plugin('PARTS = {"mutations": {"own": lambda *given: "child"}}'),
    ),
]

# --- work folders

SCHEMA = "not written by a version that this one reads (schema 1); use the version of eatnas_tf that wrote it"
ADVICE = "restore the line, or cut the file before it to go on from there"

OLD_VALUE = "use another --workdir or the old value"


def old(message: str, damage: Callable[[Path], object], *others: str) -> Case:
    """A search on the folder of an earlier one that was damaged."""
    return Case(search, (*SEARCH, *others), message, copied("searched", damage))


def other(name: str, old_value: str, new_value: str, hint: str = "cannot change") -> Case:
    return Case(
        search,
        (*SEARCH, f"--{name}={new_value}"),
        f"--{name}: {old_value} in run, now {new_value}; it {hint} there: {OLD_VALUE}",
        copied("searched"),
    )


def of_line(number: int, reason: str, /, **changes: Any) -> Case:
    return old(
        f"run/journal.jsonl, line {number}: not a candidate ({reason}); {ADVICE}", line(number, **changes)
    )


def unread(number: int, shown: str, content: bytes) -> Case:
    """A line of the journal that is no JSON object."""

    def put(found: list[bytes]) -> None:
        found[number - 1] = content

    message = f"run/journal.jsonl, line {number}: {shown} is not a JSON object; {ADVICE}"
    return old(message, lines(put))


def misplaced(number: int, candidate: int, reason: str, damage: Callable[[Path], object]) -> Case:
    return old(f"run/journal.jsonl, line {number}: candidate {candidate} {reason}; {ADVICE}", damage)


WORKDIRS = [
    Case(search, SEARCH, "--workdir=run: cannot be written (…", written("run", "a file")),
    Case(
        search,
        (*SEARCH, "--workdir=run/deep"),
        "--workdir=run/deep: cannot be written (Not a directory); give a folder that can be",
        written("run", ""),
    ),
    Case(
        search,
        (*SEARCH, f"--workdir={'x' * 300}"),
        f"--workdir={'x' * 300}: cannot be written (File name too long); give a folder that can be",
    ),
    Case(
        search,
        (*SEARCH, "--workdir=/proc/run"),
        "--workdir=/proc/run: cannot be written (No such file or directory); give a folder that can be",
    ),
    Case(
        retrain,
        (*RETRAIN, "--workdir=/proc/run"),
        "--workdir=/proc/run: cannot be written (No such file or directory); give a folder that can be",
    ),
    Case(
        pipeline,
        ("--workdir=run",),
        "--workdir=run/1-search: cannot be written (Not a directory); give a folder that can be",
        written("run", ""),
    ),
    Case(
        ablate,
        ("--workdir=run",),
        "--workdir=run: cannot be written (File exists); give a folder that can be",
        written("run", ""),
    ),
    old("--workdir=run holds a search, not a transfer; use another folder", removed("best.json"))._replace(
        binary=transfer, arguments=(*SEARCH, f"--architecture={WIDE}")
    ),
    Case(
        retrain,
        RETRAIN,
        "--workdir=run holds a search, not a retrain; use another folder",
        copied("searched"),
    ),
    Case(
        search, SEARCH, "--workdir=run holds a retrain, not a search; use another folder", copied("retrained")
    ),
    other("population", "8", "9"),
    other("sample", "4", "3"),
    other("seed", "0", "1"),
    other("omega", "-0.07", "-0.1"),
    other("dataset", "fashion_mnist_mini", "npz:mine.npz")._replace(
        files=in_turn(copied("searched"), npz()),
    ),
    other("kernel_choices", "3,5,7", "3,5"),
    other("cycles", "10", "9", "may only be raised"),
    other("patience", "100", "99", "may only be raised"),
    other("distribution", "one_device", "mirrored")._replace(
        arguments=(*SEARCH, "--distribution=mirrored", "--logical_cpus=65"),
        message="flag --logical_cpus=65: …",
    ),
    Case(
        retrain,
        (*RETRAIN, "--epochs=2"),
        f"--epochs: 1 in run, now 2; it cannot change there: {OLD_VALUE}",
        copied("retrained"),
    ),
    old("run/config.json: cannot be read (JSONDecodeError: …", text("config.json", "")),
    old("run/config.json: cannot be read (JSONDecodeError: …", text("config.json", "{")),
    old("run/config.json: cannot be read (UnicodeDecodeError: …", text("config.json", b"\xff\xfe")),
    old("run/config.json: cannot be read (RecursionError: …", text("config.json", "[" * 100_000)),
    old(f"run/config.json: {SCHEMA}", text("config.json", "[]")),
    old(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": 0})),
    old(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": 2})),
    old(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": GONE})),
    old(
        "run/config.json has no settings; restore it or use another folder",
        edited("config.json", {"settings": GONE}),
    ),
    old(
        "run/config.json has no settings; restore it or use another folder",
        edited("config.json", {"settings": [1]}),
    ),
    old(
        f"--population: many in run, now 8; it cannot change there: {OLD_VALUE}",
        edited("config.json", {"settings/population": "many"}),
    ),
    old(
        rf"--[red]\x1b[2J: 1 in run, now None; it cannot change there: {OLD_VALUE}",
        edited("config.json", {f"settings/[red]{CLEAR}": 1}),
    ),
    old(
        r"--workdir=run holds a \x1b[2J, not a search; use another folder",
        edited("config.json", {"stage": CLEAR}),
    ),
    old(
        "--workdir=run has a journal.jsonl but no config.json of a stage; restore that or use another folder",
        removed("config.json"),
    ),
    Case(
        search,
        SEARCH,
        "--workdir=run has a weights but no config.json of a stage; restore that or use another folder",
        in_turn(folder("run/weights"), written("run/weights/mine.npz", "not ours")),
    ),
    Case(
        search,
        (*SEARCH, "--workdir=."),
        "--workdir=. has a tensorboard but no config.json of a stage; restore that or use another folder",
        in_turn(folder("tensorboard/mine"), written("else", "")),
    ),
    Case(
        search,
        (*SEARCH, "--workdir=."),
        f"config.json: {SCHEMA}",
        written("config.json", '{"theirs": true}'),
    ),
    old("run/best.json: cannot be read (JSONDecodeError: …", text("best.json", "{"), "--max_hours=1"),
    old(f"run/best.json: {SCHEMA}", edited("best.json", {"schema": 2}), "--max_hours=1"),
]
JOURNALS = [
    old(
        "run/journal.jsonl: schema 0, this version reads 1; use the version of eatnas_tf that wrote it",
        line(1, schema=0),
    ),
    old(
        "run/journal.jsonl: schema 2, this version reads 1; use the version of eatnas_tf that wrote it",
        line(1, schema=2),
        "--cycles=20",
    ),
    old(
        "run/journal.jsonl: schema None, this version reads 1; use the version of eatnas_tf that wrote it",
        lines(lambda found: found.pop(0)),
    ),
    unread(3, "b'{\"id\": 1'", b'{"id": 1\n'),
    unread(3, "b''", b"\n"),
    unread(3, "b'null'", b"null\n"),
    unread(5, r"b'\xff\xfe'", b"\xff\xfe\n"),
    unread(5, r"b'\x1b[2J'", b"\x1b[2J\n"),
    unread(1, "b'schema'", b"schema\n"),
    unread(2, f"{b'[' * 40!r}", b"[" * 100_000 + b"\n"),
    unread(19, "b'{\"id\": 1'", b'{"id": 1\n{"id": 2'),  # and a torn line behind it
    of_line(2, "id is missing", id=GONE),
    of_line(2, "id is '0'; expected a whole number", id="0"),
    of_line(2, "id is -1; expected a whole number", id=-1),
    of_line(2, "id is True; expected a whole number", id=True),
    of_line(3, "architecture is 5; expected text", architecture=5),
    of_line(3, f"block 1, skip is missing; expected {PATTERN}", architecture="mb6_k3"),
    of_line(3, f"block 1, 'x1' is no primitive; expected {PATTERN}", architecture=f"{ONE}_x1"),
    of_line(
        3, r"block 1, kernel: '3\x1b[2J' is not a whole number from 1 to 999", architecture=f"mb6_k3{CLEAR}"
    ),
    of_line(3, "parent is 0.5; expected a whole number or null", parent=0.5),
    of_line(3, "mutated is None; expected a list of block, primitive, old and new value", mutated=None),
    of_line(3, "mutated is [3]; expected a list of block, primitive, old and new value", mutated=[3]),
    of_line(3, "accuracy is 'high'; expected a number", accuracy="high"),
    of_line(3, "accuracy is inf; expected a number", accuracy=float("inf")),
    of_line(3, "size is nan; expected a number above 0", size=float("nan")),
    of_line(3, "score is nan; expected a number", score=float("nan")),
    of_line(3, "score is None; expected a number", score=None),
    of_line(3, "seconds is []; expected a number", seconds=[]),
    of_line(3, "cycle is 1.5; expected a whole number", cycle=1.5),
    of_line(12, "replaced is 'x'; expected a whole number or null", replaced="x"),
    misplaced(4, 1, "comes twice", lines(lambda found: found.insert(3, found[2]))),
    misplaced(3, 1, "has the score 9, where its accuracy and size make 0.0130002", line(3, score=9)),
    misplaced(3, 1, "is of cycle 1, where 0 comes next", line(3, cycle=1)),
    misplaced(10, 9, "is of cycle 2, where 1 comes next", lines(lambda found: found.pop(9))),
    misplaced(9, 8, "is of cycle 1, where 0 comes next", lines(lambda found: found.pop(4))),
    misplaced(12, 10, "has a parent 99 that did not come before it", line(12, parent=99)),
    misplaced(12, 10, "replaces 99, which is not alive", line(12, replaced=99)),
    misplaced(12, 10, "replaces None, which is not alive", line(12, replaced=None)),
    old("run/journal.jsonl, line 4: candidate 2 was …", line(4, architecture=WIDE)),
    old(
        "run/journal.jsonl, line 11: candidate 9 is not in the space "
        f"(block 1, kernel: 9 is not one of 3, 5, 7); {ADVICE}",
        line(11, architecture=WIDE.replace("k3", "k9")),
    ),
    Case(
        search,
        SEARCH,
        "run/journal.jsonl: cannot be read (Is a directory); make it readable",
        copied("searched", lambda run: (removed("journal.jsonl")(run), (run / "journal.jsonl").mkdir())),
    ),
]


def again(message: str, damage: Callable[[Path], object]) -> Case:
    """A retraining on the folder of an earlier one that was damaged."""
    return Case(retrain, RETRAIN, message, copied("retrained", damage))


def of_network(reason: str, /, **changes: Any) -> Case:
    message = f"run/journal.jsonl, line 2: not a retrained network ({reason}); {ADVICE}"
    return again(message, line(2, **changes))


RETRAININGS = [
    of_network("number is missing", number=GONE),
    of_network("number is '1'; expected a whole number", number="1"),
    of_network("name is None; expected text", name=None),
    of_network("architecture is []; expected text", architecture=[]),
    of_network(f"block 1, skip is missing; expected {PATTERN}", architecture="mb6_k3"),
    of_network("top1 is nan; expected a number", top1=float("nan")),
    of_network("top5 is missing", top5=GONE),
    of_network("loss is 'low'; expected a number or null", loss="low"),
    of_network("images is 1.5; expected a whole number", images=1.5),
    again("run/journal.jsonl: networks [2]; expected 1, 2, … in order: restore it", line(2, number=2)),
    again(
        "run/journal.jsonl: networks [1, 1]; expected 1, 2, … in order: restore it",
        lines(lambda found: found.append(found[1])),
    ),
    again(
        f"--workdir=run has retrained {WIDE}, where --from now has {CODE}; use another folder",
        line(2, architecture=WIDE),
    ),
]

# --- what a later stage starts from


def start(
    binary: ModuleType, of: str, message: str, damage: Callable[[Path], object] = lambda run: None
) -> Case:
    """A stage from the folder `run` as a sound one left it, then damaged."""
    arguments = {
        transfer: (*SEARCH, "--workdir=next", "--from=run"),
        retrain: ("--strides=1,1,2,1,2", "--workdir=next", "--from=run"),
        evaluate: ("--from=run",),
    }[binary]
    return Case(binary, arguments, message, copied(of, damage))


def damaged(reason: str) -> str:
    return f"run/best.json is damaged ({reason}); restore it or run its stage again"


MISSING = "no such file; expected the work folder of an earlier stage"
ITS_OWN = "give a --dataset like its own"
SOURCES = [
    Case(transfer, (*SEARCH, "--from=old"), f"old/best.json: {MISSING}"),
    Case(retrain, ("--workdir=run", "--from=old"), f"old/best.json: {MISSING}"),
    Case(evaluate, ("--from=old",), f"old/best.json: {MISSING}"),
    Case(evaluate, ("--from=",), f"best.json: {MISSING}"),
    Case(evaluate, (f"--from=[red]{CLEAR}",), rf"[red]\x1b[2J/best.json: {MISSING}"),
    Case(
        evaluate,
        ("--from=file",),
        "file/best.json: cannot be read (NotADirectoryError: [Errno 20] Not a directory: 'file/best.json'); "
        "restore it or use another folder",
        written("file", ""),
    ),
    Case(
        retrain,
        ("--strides=1,1,2,1,2", "--workdir=run", "--from=./run"),
        "--from and --workdir are the same folder, run; give another --workdir",
        copied("searched"),
    ),
    Case(
        transfer,
        (*SEARCH, "--from=run", f"--seed_architectures={WIDE}", "--inherit_seed=none"),
        "--from and --workdir are the same folder, run; give another --workdir",
        copied("searched"),
    ),
    start(evaluate, "searched", "--from=run is not the work folder of a finished retraining; give one"),
    start(retrain, "retrained", "--from=run is not the work folder of a search or transfer; give one"),
    start(
        retrain,
        "searched",
        "--from=run: that stage is not finished; run its command to its end",
        edited("best.json", {"finished": None}),
    ),
    start(transfer, "searched", f"run/best.json: {MISSING}", removed("best.json")),
    start(transfer, "searched", "run/best.json: cannot be read (JSONDecodeError: …", text("best.json", "")),
    start(
        transfer,
        "searched",
        "run/best.json: cannot be read (UnicodeDecodeError: …",
        text("best.json", b"\xff"),
    ),
    start(
        transfer,
        "searched",
        "run/best.json: cannot be read (RecursionError: …",
        text("best.json", "[" * 100_000),
    ),
    start(transfer, "searched", f"run/best.json: {SCHEMA}", text("best.json", "[]")),
    start(transfer, "searched", f"run/best.json: {SCHEMA}", edited("best.json", {"schema": 0})),
    start(transfer, "searched", damaged("finished is missing"), edited("best.json", {"finished": GONE})),
    start(
        transfer,
        "searched",
        damaged("finished is True; expected text or null"),
        edited("best.json", {"finished": True}),
    ),
    start(
        transfer, "searched", damaged("architecture is missing"), edited("best.json", {"architecture": GONE})
    ),
    start(
        transfer,
        "searched",
        damaged("architecture is 3; expected text"),
        edited("best.json", {"architecture": 3}),
    ),
    start(
        transfer,
        "searched",
        r"--from=run: block 1, conv: 'sep\x1b[2J' is not a word of letters, digits and dots",
        edited("best.json", {"architecture": f"sep{CLEAR}_k3_s1_w1.0_d1"}),
    ),
    start(
        transfer,
        "searched",
        damaged("weights is 1; expected text or null"),
        edited("best.json", {"weights": 1}),
    ),
    start(
        transfer, "searched", damaged("frame is []; expected an object"), edited("best.json", {"frame": []})
    ),
    start(
        transfer,
        "searched",
        damaged("image_size is missing"),
        edited("best.json", {"frame/image_size": GONE}),
    ),
    start(
        transfer,
        "searched",
        damaged("image_size is 14.5; expected a whole number"),
        edited("best.json", {"frame/image_size": 14.5}),
    ),
    start(
        transfer,
        "searched",
        damaged("channels: 0 is not at least 1"),
        edited("best.json", {"frame/channels": 0}),
    ),
    start(
        transfer,
        "searched",
        damaged("strides is ['1']; expected a list of a whole number"),
        edited("best.json", {"frame/strides": ["1"]}),
    ),
    start(
        transfer,
        "searched",
        damaged("width_base: output is not one of input, mobilenet_v2"),
        edited("best.json", {"frame/width_base": "output"}),
    ),
    start(transfer, "retrained", "run/weights.npz: no such file; expected an .npz", removed("weights.npz")),
    start(
        transfer, "retrained", "run/weights.npz: not a readable .npz (BadZipFile: …", text("weights.npz", "")
    ),
    start(
        retrain,
        "searched",
        damaged("ranking is {}; expected a list of an object"),
        edited("best.json", {"ranking": {}}),
    ),
    start(
        retrain,
        "searched",
        damaged("architecture is missing"),
        edited("best.json", {"ranking/0/architecture": GONE}),
    ),
    start(
        retrain,
        "searched",
        f"--from=run: block 1, kernel is missing; expected {PATTERN}",
        edited("best.json", {"ranking/0/architecture": "mb6"}),
    ),
    Case(
        retrain,
        ("--strides=1,1,2,1,2", "--workdir=next", "--from=run", "--top_k=9"),
        "--top_k: 9 of a population of 8; ask for fewer",
        copied("searched"),
    ),
    Case(
        retrain,
        ("--workdir=next", "--from=run"),
        "--strides is missing: the default is for 7 blocks, not 5; run had 1,1,2,1,2; give its frame's flags",
        copied("searched"),
    ),
    start(evaluate, "retrained", damaged("params is missing"), edited("best.json", {"params": GONE})),
    start(
        evaluate,
        "retrained",
        damaged("mult_adds is '1'; expected a whole number"),
        edited("best.json", {"mult_adds": "1"}),
    ),
    start(
        evaluate,
        "retrained",
        damaged("test is None; expected an object"),
        edited("best.json", {"test": None}),
    ),
    start(evaluate, "retrained", damaged("top1 is missing"), edited("best.json", {"test/top1": GONE})),
    start(
        evaluate,
        "retrained",
        damaged("classes is 10; expected a list of text"),
        edited("best.json", {"classes": 10}),
    ),
    start(evaluate, "retrained", f"run/config.json: {MISSING}", removed("config.json")),
    start(
        evaluate,
        "retrained",
        "run/config.json is damaged (settings is missing); restore it",
        edited("config.json", {"settings": GONE}),
    ),
    start(
        evaluate,
        "retrained",
        "run/config.json is damaged (validation is 'a fifth'; expected a number); restore it",
        edited("config.json", {"settings/validation": "a fifth"}),
    ),
    start(
        evaluate,
        "retrained",
        f"--dataset=fashion_mnist_mini has 10 classes and 1 channels; the model has 9 and 1: {ITS_OWN}",
        edited("best.json", {"classes": list("012345678")}),
    ),
    Case(
        evaluate,
        ("--from=run", "--dataset=npz:mine.npz"),
        f"--dataset=npz:mine.npz has 4 classes and 1 channels; the model has 10 and 1: {ITS_OWN}",
        in_turn(copied("retrained"), npz()),
    ),
    Case(
        evaluate,
        ("--from=run", "--dataset=npz:mine.npz"),
        "mine.npz: no such file; expected an .npz",
        copied("retrained"),
    ),
]

# --- models that only Keras can find out about


def saved(
    shape: tuple[int, ...], layers: Callable[[Any, Any], Any], *names: str, place: str = "model.keras"
) -> Any:
    """A file of a model that is `layers(keras, inputs)` of images, and of class names; and an image."""

    def put(sound: Path) -> None:
        import keras

        inputs = keras.Input(shape)
        keras.Model(inputs, layers(keras, inputs)).save(place)
        class_names.add(Path(place), names)
        Path("stolen").unlink(missing_ok=True)
        shutil.copy(sound / "shirt.png", ".")

    return put


def dense(outputs: int) -> Callable[[Any, Any], Any]:
    return lambda keras, inputs: keras.layers.Dense(outputs)(keras.layers.Flatten()(inputs))


def stealing(keras: Any, inputs: Any) -> Any:
    """What a stranger's code in a model could do."""
    return keras.layers.Lambda(lambda values: [values, Path("stolen").touch()][0])(dense(2)(keras, inputs))


def twofold(keras: Any, inputs: Any) -> Any:
    return [dense(2)(keras, inputs), dense(2)(keras, inputs)]


def member(name: str, content: str | bytes | None) -> Callable[[Path], None]:
    """One member of model.keras replaced, or left out."""

    def put(sound: Path) -> None:
        with zipfile.ZipFile("model.keras") as archive:
            members = {one: archive.read(one) for one in archive.namelist()}
        del members[name]
        zipped(members if content is None else {**members, name: content})(sound)

    return put


def called(module: str, name: str) -> str:
    """A model's configuration that is a call of a function of any module."""
    return json.dumps({"module": module, "class_name": name, "config": {"command": "touch stolen"}})


def headed(name: str) -> Callable[[Path], object]:
    """An image of which only the header can be read."""
    return lambda sound: Path(name).write_bytes(Path(name).read_bytes()[:30].ljust(200, b"\xff"))


SOUND = saved((8, 8, 1), dense(2), "a", "b")
UNLOADED = "cannot be loaded (…"
LOADED = [
    modelled("2 class names for 3 outputs; retrain it", saved((8, 8, 1), dense(3), "a", "b")),
    modelled("0 class names for 2 outputs; retrain it", saved((8, 8, 1), dense(2))),
    modelled(
        "it takes 4 channels; expected 1 or 3, as image files have", saved((8, 8, 4), dense(2), "a", "b")
    ),
    modelled("maps (None, 8, 6, 1) to (None, 2), not square …", saved((8, 6, 1), dense(2), "a", "b")),
    modelled("maps (None, 9) to (None, 2), not square …", saved((9,), dense(2), "a", "b")),
    modelled("maps (None, 8, 8, 1) to [(None, 2), (None, 2)], not …", saved((8, 8, 1), twofold, "a", "b")),
    modelled(
        "maps (None, 8, 8, 1) to (None, 8, 8, 2), not …",
        saved((8, 8, 1), lambda keras, inputs: keras.layers.Dense(2)(inputs), "a", "b"),
    ),
    modelled(UNLOADED, classes('["a", "b"]')),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", "no JSON"))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", "{}"))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", None))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", called("os", "system")))),
    modelled(UNLOADED, in_turn(SOUND, member("config.json", called("builtins", "eval")))),
    modelled(UNLOADED, in_turn(SOUND, member("model.weights.h5", b""))),
    modelled(UNLOADED, in_turn(SOUND, member("model.weights.h5", None))),
    Case(
        predict,
        ("--model=model.keras", "shirt.png", "x.webp"),
        "x.webp: not an image that can be read (OSError: failed to …",
        in_turn(SOUND, lambda sound: picture(Path("x.webp")), headed("x.webp")),
    ),
    Case(evaluate, ("--from=run",), f"run/model.keras: {UNLOADED}", copied("retrained")),
    Case(
        evaluate,
        ("--from=run",),
        "run/model.keras: 10 class names for 3 outputs; retrain it",
        in_turn(copied("retrained"), saved((28, 28, 1), dense(3), place="run/model.keras")),
    ),
    modelled(
        "cannot be loaded (ValueError: Requested the deserialization of a `Lambda` layer whose …",
        saved((8, 8, 1), stealing, "a", "b"),
    ),
]

TABLES = {
    "flags": FLAGS,
    "incomplete": INCOMPLETE,
    "presets": PRESET,
    "codes": CODES,
    "networks": NETWORKS,
    "npz": NPZ,
    "folders": FOLDERS,
    "tensorflow-datasets": TFDS,
    "images": IMAGES,
    "models": MODELS,
    "plugins": PLUGINS,
    "work folders": WORKDIRS,
    "journals": JOURNALS,
    "retrainings": RETRAININGS,
    "sources": SOURCES,
}
CASES = [
    pytest.param(case, id=f"{subject} {number}")
    for subject, cases in TABLES.items()
    for number, case in enumerate(cases, start=1)
]


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_one_line_and_leaves_nothing(refusal, case) -> None:
    check(case, refusal(case))


@pytest.mark.parametrize("case", LOADED, ids=range(1, len(LOADED) + 1))
def test_a_model_that_keras_cannot_use_or_will_not_run_is_refused(strategy, refusal, case) -> None:
    check(case, refusal(case, with_tensorflow=True))


PROCESSES = {
    "another binary's flag": Case(search, (*SEARCH, "--from=old"), "Unknown command line flag 'from'…"),
    **{subject: TABLES[subject][-1] for subject in ("codes", "folders", "models", "plugins", "journals")},
    "lambda": LOADED[-1],
}


SLOW = "lambda"  # it loads TensorFlow


@pytest.mark.parametrize(
    "subject", [pytest.param(one, marks=[pytest.mark.slow] * (one == SLOW)) for one in PROCESSES]
)
def test_a_process_of_its_own_says_the_same(subject, sound, tmp_path, monkeypatch) -> None:
    case = PROCESSES[subject]
    monkeypatch.chdir(tmp_path)
    case.files(sound)
    before = tree(tmp_path)
    command = [sys.executable, "-m", case.binary.__name__, *case.arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert tree(tmp_path) == before
    check(case, message_of(case, done.stderr))


def test_a_work_folder_at_work_is_refused(refusal, sound, tmp_path) -> None:
    copied("searched")(sound)
    message = "--workdir=run: another run is at work there; wait for it or use another folder"
    with FileLock(tmp_path / "run" / "lock"):
        check(case := Case(search, SEARCH, message), refusal(case))


def test_there_are_hundreds_of_cases_and_no_two_alike() -> None:
    cases = [case for table in (*TABLES.values(), LOADED) for case in table]
    assert len(cases) >= 400
    plain = [case[:3] for case in cases if case.files is Case._field_defaults["files"]]
    assert len(set(plain)) == len(plain)


def test_work_folders_that_were_not_damaged_are_gone_on_from(run, sound, capsys) -> None:
    for of, case in (("searched", old), ("retrained", again)):
        copied(of)(sound)
        run(case("", lambda run: None))
        assert WIDE[:3] in capsys.readouterr().out
        shutil.rmtree("run")

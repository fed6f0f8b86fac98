"""The arrows between the rooms of the package, read from its imports."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import eatnas_tf
import eatnas_tf.flags
import eatnas_tf.mutations

PURE = {
    "data",
    "space",
    "layers",
    "searches",
    "strategies",
    "mutations",
    "flags",
    "registry",
    "configs",
    "durable",
    "errors",
    "fields",
    "paths",
    "checkout",
}
HEAVY = {"tensorflow", "keras", "tensorflow_datasets", "tensorboard", "matplotlib", "itables", "jinja2"}
EVERYTHING = {*PURE, "network", "training", "reporting"}
ALLOWED = {
    "data": set(),
    "errors": set(),
    "checkout": set(),
    "durable": set(),
    "fields": {"errors"},
    "paths": {"errors"},
    "registry": {"errors", "paths"},
    "space": {"registry", "errors"},
    "layers": {"space", "registry", "errors"},
    "searches": {"space", "registry", "durable", "fields", "errors"},
    "strategies": {"searches", "space", "registry", "errors"},
    "mutations": {"space", "registry", "errors"},
    "configs": {"layers", "space", "paths", "errors"},
    "flags": {"configs", "layers", "space", "registry", "paths", "errors"},
    "network": {"layers", "space", "registry", "durable", "fields", "errors"},
    "training": {"network", "layers", "space", "configs", "registry", "durable", "errors"},
    "reporting": {"searches", "layers", "space", "durable", "fields", "errors"},
    "stages": EVERYTHING - {"flags"},
    "bin": EVERYTHING | {"stages"},
    "api": (EVERYTHING | {"stages"}) - {"flags"},
    "": {"api", "checkout"},
}
CODE = "mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1"


def _sources() -> Iterator[tuple[str, Path]]:
    """(module, file) of all that installs: the package, and two folders that may lie elsewhere."""
    seen = set()
    for package in (eatnas_tf, eatnas_tf.mutations, eatnas_tf.flags):
        for folder in map(Path, package.__path__):
            for file in sorted(folder.rglob("*.py")):
                parts = file.relative_to(folder).with_suffix("").parts
                module = ".".join((package.__name__, *parts)).removesuffix(".__init__")
                if module not in seen:
                    seen.add(module)
                    yield module, file


SOURCES = dict(_sources())
MODULES = sorted(SOURCES)
BINARIES = sorted(
    name.rpartition(".")[2]
    for name in MODULES
    if name.startswith("eatnas_tf.bin.") and name != "eatnas_tf.bin.entry"
)


@cache
def _imports(module: str) -> frozenset[tuple[str, str]]:
    """(module, name) of every import wherever it stands; the name is empty for `import module`."""
    found = set()
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; the full name only"
            found |= {(str(node.module), alias.name) for alias in node.names}
    return frozenset(found)


def _modules(module: str) -> set[str]:
    """Our modules that `module` imports; `from package import part` is the part if that is a module."""
    return {
        f"{source}.{name}" if f"{source}.{name}" in SOURCES else source
        for source, name in _imports(module)
        if source.partition(".")[0] == "eatnas_tf"
    }


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _loaded(stderr: str) -> set[str]:
    """Modules named by `python -X importtime`."""
    return {
        line.rpartition("|")[2].strip() for line in stderr.splitlines() if line.startswith("import time:")
    }


def test_the_sources_of_every_room_are_found() -> None:
    assert {_room(module) for module in MODULES} >= set(ALLOWED)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_the_rooms_below_its_own(module) -> None:
    room = _room(module)
    assert {_room(other) for other in _modules(module)} - {"", room} <= ALLOWED[room]


def test_the_rooms_form_no_circle() -> None:
    graphlib.TopologicalSorter(ALLOWED).prepare()


@pytest.mark.parametrize("room", sorted(set(ALLOWED)))
def test_the_modules_of_a_room_form_no_circle(room) -> None:
    graphlib.TopologicalSorter(
        {module: _modules(module) for module in MODULES if _room(module) == room}
    ).prepare()


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) in PURE | {""}])
def test_a_pure_module_never_imports_tensorflow_even_lazily(module) -> None:
    assert not {source.partition(".")[0] for source, _ in _imports(module)} & HEAVY


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) not in ("bin", "flags")])
def test_only_binaries_and_the_flags_folder_know_of_flags(module) -> None:
    named = {f"{source}.{name}" for source, name in _imports(module)}
    assert not {name for name in named if name.startswith(("absl.flags", "absl.testing"))}


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) != "mutations"])
def test_no_mutation_is_imported_by_name(module) -> None:
    drawn = {(source, name) for source, name in _imports(module) if source.startswith("eatnas_tf.mutations")}
    drawn |= {
        (source, name) for source, name in _imports(module) if (source, name) == ("eatnas_tf", "mutations")
    }
    allowed = {"operators", "redraw", "Mutation", "Mutations", "Perturbation"}
    assert drawn <= {("eatnas_tf.mutations", name) for name in allowed}


FLAGS_OF = {
    "search": ("workdir", "preset", "population", "layers", "strides", "epochs", "quiet"),
    "transfer": ("workdir", "preset", "from", "inherit_seed", "population", "quiet"),
    "retrain": ("workdir", "preset", "from", "select_on", "epochs", "quiet"),
    "evaluate": ("from", "format", "dataset", "plugins", "quiet"),
    "pipeline": ("workdir", "search_preset", "transfer_preset", "dataset", "train_examples", "seed", "quiet"),
    "describe": ("architecture", "strides", "image_size", "format", "plugins"),
    "check_plugins": ("parts", "plugins", "quiet"),
    "predict": ("model", "top", "format", "output", "plugins", "quiet"),
    "report": ("workdir", "output", "plugins", "quiet"),
    "new_plugin": ("output", "quiet"),
    "ablate": ("workdir", "source_dataset", "target_dataset", "seeds", "quiet"),
}


@pytest.mark.parametrize("binary", BINARIES)
def test_help_shows_a_binarys_flags_and_answers_without_tensorflow(binary, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", f"eatnas_tf.bin.{binary}", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert set(re.findall(r"^  --(?:\[no\])?(\w+)", done.stdout, re.M)) >= set(FLAGS_OF[binary])
    assert not _loaded(done.stderr) & HEAVY


def test_describing_a_code_leaves_tensorflow_unimported(tmp_path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "eatnas_tf.bin.describe",
            f"--architecture={CODE}",
            "--strides=1,2",
            "--image_size=32",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert CODE in done.stdout
    assert "eatnas_tf.layers.counting" in _loaded(done.stderr)
    assert not _loaded(done.stderr) & HEAVY

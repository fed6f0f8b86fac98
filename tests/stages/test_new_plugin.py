"""The skeleton of a package of parts: what is written, what is refused, and that its own tests pass."""

import ast
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.layers import conv_ops
from eatnas_tf.stages import check_plugins, claims, new_plugin


@pytest.fixture
def package(tmp_path) -> Path:
    return new_plugin.run("my-parts", str(tmp_path / "deep" / "package"))


def entry_points(package: Path) -> dict[tuple[str, str], str]:
    """(group, name) to module:part, read without a TOML parser, which Python 3.10 lacks."""
    found, group = {}, ""
    for line in (package / "pyproject.toml").read_text().splitlines():
        if line.startswith("["):
            group = line.partition("eatnas_tf.")[2].strip('"]')
        elif group and "=" in line:
            name, _, value = line.partition(" = ")
            found[group, name.strip('"')] = value.strip('"')
    return found


def test_the_skeleton_has_a_registered_part_of_every_kind_and_a_test_of_each(package) -> None:
    points = entry_points(package)
    assert {group for group, _ in points} == set(registry.GROUPS)
    (tested,) = (
        ast.literal_eval(node.value)
        for node in ast.parse((package / "tests" / "test_my_parts.py").read_text()).body
        if isinstance(node, ast.Assign)
    )
    assert set(tested) == set(points)
    assert not [file for file in package.rglob("*") if file.is_file() and "$" in file.read_text()]
    assert (package / "README.md").exists()


def test_every_part_of_the_skeleton_holds_what_is_seen_without_tensorflow(package) -> None:
    spec = importlib.util.spec_from_file_location("my_parts", package / "my_parts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for (group, name), value in entry_points(package).items():
        assert value.startswith("my_parts:")
        part = getattr(module, value.partition(":")[2])
        if group in claims.NAMES:
            claims.NAMES[group](name)
        if group == "primitives":
            assert part.name == name
        for claim in check_plugins.CLAIMS[group].values():
            claim(part)
    conv_ops.find.cache_clear()


@pytest.mark.parametrize("name", ["a", "x2", "my_parts", "se-parts", "k", "mb3", "w1-d2"])
def test_names_of_all_looks_give_a_primitive_that_holds(tmp_path, name) -> None:
    path = new_plugin.run(name, str(tmp_path / name)) / f"{name.replace('-', '_')}.py"
    scope: dict = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    for claim in claims.CLAIMS["primitives"].values():
        claim(scope["ACTIVATION"])


@pytest.mark.parametrize(
    "name", ["", "My-Parts", "3parts", "my parts", "a--b", "-a", "../a", "a/b", "x" * 61, "my.parts", "$name"]
)
def test_a_name_that_no_package_can_have_is_refused(tmp_path, name) -> None:
    with pytest.raises(InputError, match="is not a package's name; use up to 60 small letters"):
        new_plugin.run(name, str(tmp_path / "package"))
    assert not (tmp_path / "package").exists()


@pytest.mark.parametrize("name", ["class", "json", "numpy", "eatnas-tf", "tests", "keras"])
def test_a_name_that_python_has_already_is_refused(tmp_path, name) -> None:
    with pytest.raises(InputError, match="already; choose another name"):
        new_plugin.run(name, str(tmp_path / "package"))


def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path, monkeypatch) -> None:
    (tmp_path / "my-parts").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="--output=my-parts exists; give a folder that does not"):
        new_plugin.run("my-parts", None)
    assert not list((tmp_path / "my-parts").iterdir())


@pytest.mark.slow
def test_the_skeleton_installs_and_its_own_tests_pass(tmp_path) -> None:
    command = [sys.executable, "-m", "eatnas_tf.bin.new_plugin", "my-parts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    shared = sysconfig.get_paths()["purelib"]
    (site / "shared.pth").write_text(f"import site; site.addsitedir({str(shared)!r})\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    package = tmp_path / "my-parts"
    subprocess.run([*pip, "--disable-pip-version-check", "--no-build-isolation", package], check=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    tested = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", package / "tests"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "6 passed" in tested.stdout

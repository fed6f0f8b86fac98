"""Plugins: found without being imported, loaded when they are asked for."""

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import InputError, UnknownNameError

BUILT_IN = {
    "mutations": ["conv", "depth", "kernel", "skip", "width"],
    "perturbations": ["every_block", "one_block", "random"],
    "conv_ops": ["mb1", "mb3", "mb6", "sep"],
    "primitives": ["conv", "depth", "kernel", "skip", "width"],
    "objectives": ["mult_adds", "params"],
    "strategies": ["evolution", "local_search", "random"],
}


def a_part() -> None: ...


def another_part() -> None: ...


@dataclass(frozen=True)
class Point:
    """An entry point of a distribution that does not exist."""

    name: str
    owner: str = "eatnas_tf"
    part: object = a_part
    value: str = "module:part"

    @property
    def dist(self) -> SimpleNamespace:
        return SimpleNamespace(name=self.owner, version="1.0")

    @property
    def module(self) -> str:
        return self.value.partition(":")[0]

    def load(self) -> object:
        if isinstance(self.part, Exception):
            raise self.part
        return self.part


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """What a test adds or caches is gone after it."""
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    monkeypatch.setattr(registry, "_files", [])
    monkeypatch.setattr(registry, "_of_files", set())
    yield
    monkeypatch.undo()
    registry._installed.cache_clear()
    registry._load.cache_clear()


@pytest.fixture
def installed(monkeypatch):
    """Replaces what is installed in the group `mutations`."""

    def install(*points: Point) -> None:
        monkeypatch.setattr(
            registry, "entry_points", lambda group: points if group == "eatnas_tf.mutations" else ()
        )
        registry._installed.cache_clear()
        registry._load.cache_clear()

    return install


def _file(tmp_path, text: str) -> str:
    path = tmp_path / "my_parts.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("group", registry.GROUPS)
def test_the_built_in_parts_come_through_the_entry_points(group) -> None:
    assert set(registry.names(group)) >= set(BUILT_IN[group])
    assert all(registry.get(group, name) is not None for name in registry.names(group))
    assert len(registry.values(group)) == len(registry.names(group))


def test_listing_names_imports_nothing(tmp_path) -> None:
    code = (
        "import sys; from eatnas_tf import registry\n"
        "before = set(sys.modules)\n"
        "names = [registry.names(group) for group in registry.GROUPS]\n"
        "print(sorted(name for name in set(sys.modules) - before if name.startswith('eatnas_tf')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_part_is_loaded_only_when_it_is_asked_for(installed) -> None:
    installed(Point("good", part=another_part), Point("broken", "stranger", ImportError("no module named x")))
    assert registry.names("mutations") == ["broken", "good"]
    assert registry.get("mutations", "good") is another_part


def test_a_broken_plugin_hurts_only_who_asks_for_it(installed) -> None:
    installed(Point("good"), Point("broken", "stranger", ImportError("no module named x")))
    with pytest.raises(InputError) as refused:
        registry.get("mutations", "broken")
    assert str(refused.value) == (
        "mutations 'broken' of stranger does not load: ImportError: no module named x"
    )


def test_all_parts_but_the_broken_one_are_given_with_a_warning(installed, monkeypatch) -> None:
    said = []
    monkeypatch.setattr(registry.logging, "warning", lambda form, *values: said.append(form % values))
    installed(Point("good"), Point("broken", "stranger", ZeroDivisionError("division by zero")))
    assert registry.values("mutations") == [a_part]
    assert said == [
        "mutations 'broken' of stranger does not load: ZeroDivisionError: division by zero; ignored"
    ]


def test_twins_are_refused_naming_both_distributions(installed) -> None:
    installed(Point("kernel"), Point("kernel", "stranger"), Point("skip"))
    assert registry.names("mutations") == ["kernel", "skip"]
    with pytest.raises(InputError) as refused:
        registry.get("mutations", "kernel")
    assert str(refused.value) == (
        "mutations 'kernel' is registered by eatnas_tf and stranger; uninstall one of them"
    )
    assert registry.get("mutations", "skip") is a_part


def test_a_distribution_seen_twice_is_no_twin(installed) -> None:
    installed(Point("kernel"), Point("kernel"))
    assert registry.get("mutations", "kernel") is a_part


@pytest.mark.parametrize(
    ("group", "name", "message"),
    [
        (
            "mutations",
            "kernal",
            "no mutation 'kernal' among conv, depth, kernel, skip, width; "
            "one of your own needs --plugins; did you mean 'kernel'?",
        ),
        (
            "mutations",
            "zzz",
            "no mutation 'zzz' among conv, depth, kernel, skip, width; one of your own needs --plugins",
        ),
        (
            "perturbations",
            "every_blok",
            "no perturbation 'every_blok' among every_block, one_block, random; "
            "one of your own needs --plugins; did you mean 'every_block'?",
        ),
        (
            "objectives",
            "param",
            "no objective 'param' among mult_adds, params; "
            "one of your own needs --plugins; did you mean 'params'?",
        ),
        (
            "conv_ops",
            "mb33",
            "no conv op 'mb33' among mb1, mb3, mb6, sep; "
            "one of your own needs --plugins; did you mean 'mb3'?",
        ),
        (
            "primitives",
            "",
            "no primitive '' among conv, depth, kernel, skip, width; one of your own needs --plugins",
        ),
    ],
)
def test_a_miss_suggests_a_near_name(group, name, message) -> None:
    with pytest.raises(UnknownNameError) as refused:
        registry.get(group, name)
    assert str(refused.value) == message
    assert isinstance(refused.value, LookupError)


@pytest.mark.parametrize("points", [(), (Point("other", "stranger"),)])
def test_a_stale_install_is_told_from_a_wrong_name(installed, points) -> None:
    installed(*points)
    with pytest.raises(UnknownNameError) as refused:
        registry.get("mutations", "kernel")
    assert str(refused.value) == (
        "eatnas_tf's own mutations are not installed; reinstall: pip install --force-reinstall --no-deps ."
    )


def test_a_part_that_was_handed_in_may_be_handed_in_anew_but_no_other_is_replaced(tmp_path) -> None:
    registry.add("mutations", "mine", a_part)
    registry.add("mutations", "mine", another_part)
    assert registry.get("mutations", "mine") is another_part
    assert "mine" in registry.names("mutations")
    registry.add_file(_file(tmp_path, "PARTS = {'mutations': {'of_a_file': print}}"))
    for name in ("of_a_file", "kernel"):
        with pytest.raises(InputError) as refused:
            registry.add("mutations", name, a_part)
        assert str(refused.value) == f"mutations {name!r} is registered already; choose another name"
    assert registry.handed_in()["mutations"] == {"mine": another_part}


@pytest.mark.parametrize(
    ("group", "part", "words"),
    [
        ("conv_ops", 3, "is 3; expected a function"),
        ("mutations", None, "is None; expected a function"),
        ("objectives", "x" * 99, f"is '{'x' * 59}; expected a function"),
        ("primitives", a_part, "; expected a Primitive"),
    ],
)
def test_what_cannot_be_a_part_of_its_group_is_refused(group, part, words) -> None:
    with pytest.raises(InputError, match=f"{group} 'mine' is "):
        registry.add(group, "mine", part)
    assert "mine" not in registry.names(group)
    with pytest.raises(InputError) as refused:
        registry._load(group, Point("mine", part=part))
    assert str(refused.value).endswith(words)


def test_a_part_of_no_group_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        registry.add("mutation", "mine", a_part)
    assert str(refused.value) == (
        "no plugin group 'mutation' among mutations, perturbations, conv_ops, primitives, objectives, "
        "strategies"
    )


def test_a_files_parts_come_beside_the_installed_ones(tmp_path) -> None:
    registry.add_file(
        _file(
            tmp_path,
            """
import math

_PRIVATE = {"mutations": {"unseen": None}}
UNRELATED = {"colour": "red"}
EMPTY = {}

def larger(architecture, block, space, rng):
    return architecture

PARTS = {"mutations": {"larger": larger}, "objectives": {"one": lambda network: 1}}
""",
        )
    )
    assert registry.names("mutations") == sorted([*BUILT_IN["mutations"], "larger"])
    assert registry.get("objectives", "one")(None) == 1
    assert registry.get("mutations", "larger").__name__ == "larger"


def test_the_files_whose_parts_were_taken_are_known_for_another_process_to_take(tmp_path) -> None:
    path = _file(tmp_path, 'PARTS = {"objectives": {"one": lambda network: 1}}')
    registry.add_file(path)
    with pytest.raises(InputError):
        registry.add_file(str(tmp_path / "missing.py"))
    assert registry.files() == (path,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 +", "does not load: SyntaxError: invalid syntax"),
        ("import nowhere_at_all", "does not load: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("1 / 0", "does not load: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_does_not_load_is_refused(tmp_path, text, reason) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(InputError) as refused:
        registry.add_file(path)
    assert str(refused.value).startswith(f"--plugins={path} {reason}")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("PARTS = {}", 0),
        ("PARTS = {'mutation': {'mine': print}}", 0),
        ("PARTS = {'mutations': {'mine': print}, 'colour': {}}", 0),
        ("ONE = {'mutations': {'mine': print}}\nTWO = {'objectives': {'mine': print}}", 2),
    ],
)
def test_a_file_with_other_than_one_dict_of_parts_is_refused(tmp_path, text, count) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(InputError) as refused:
        registry.add_file(path)
    assert str(refused.value) == (
        f"--plugins={path}: {count} dicts of parts; expected one such as "
        '{"mutations": {"name": function}} '
        "with keys among mutations, perturbations, conv_ops, primitives, objectives, strategies"
    )
    assert not any(registry._added.values())


@pytest.mark.parametrize("name", ["missing.py", "missing", "notes.txt", "folder", "folder.py"])
def test_what_is_no_python_file_is_refused(tmp_path, name) -> None:
    (tmp_path / "notes.txt").write_text("PARTS = {}", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError) as refused:
        registry.add_file(str(tmp_path / name))
    assert str(refused.value) == f"--plugins={tmp_path / name}: no such Python file"


def test_a_file_cannot_take_a_name_that_is_taken(tmp_path) -> None:
    with pytest.raises(InputError, match="mutations 'kernel' is registered already; choose another name"):
        registry.add_file(_file(tmp_path, "PARTS = {'mutations': {'kernel': print}}"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('PARTS = {"mutations": [print]}', "mutations is not a dict from names to parts"),
        ('PARTS = {"mutations": {3: print}}', "mutations is not a dict from names to parts"),
        ("raise SystemExit(3)", "does not load: SystemExit: 3"),
    ],
)
def test_a_file_of_parts_that_cannot_be_used_is_refused(text, message, tmp_path) -> None:
    path = tmp_path / "parts.py"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        registry.add_file(str(path))


def test_a_file_of_parts_may_define_dataclasses(tmp_path) -> None:
    path = tmp_path / "parts_with_dataclass.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass Part:\n"
        "    size: int = 1\n\n    def __call__(self, network):\n        return self.size\n\n"
        'PARTS = {"objectives": {"one": Part()}}\n'
    )
    registry.add_file(str(path))
    assert registry.get("objectives", "one").size == 1


SOURCE = "def a_part(): ...\n\nPARTS = {'mutations': {'mine': a_part}}\n"


@pytest.fixture
def stranger(installed, tmp_path, monkeypatch):
    """An installed distribution whose module has SOURCE, and the path of that module's copy elsewhere."""
    (tmp_path / "strangers_parts.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    installed(Point("mine", "stranger", value="strangers_parts:a_part"))
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


def test_an_installed_package_and_the_same_file_at_once_are_one_part(stranger) -> None:
    registry.add_file(_file(stranger, SOURCE))
    assert registry.get("mutations", "mine") is a_part  # the installed one
    assert registry.of_files() == [("mutations", "mine")]


def test_an_installed_package_and_another_file_with_its_part_are_refused_naming_both(stranger) -> None:
    path = _file(stranger, f"{SOURCE}# changed\n")
    with pytest.raises(InputError) as refused:
        registry.add_file(path)
    assert str(refused.value) == (
        f"--plugins={path}: mutations 'mine' is also registered by the installed stranger, from another "
        "source; leave out --plugins, or uninstall stranger"
    )


def test_parts_of_others_are_told_from_the_built_in_ones(tmp_path, installed) -> None:
    registry.add("conv_ops", "mine", a_part)
    assert registry.is_strange("conv_ops", "mine")
    assert not registry.is_strange("conv_ops", "sep")
    assert not registry.is_strange("conv_ops", "mb12")
    installed(Point("theirs", "stranger"))
    assert registry.is_strange("mutations", "theirs")
    assert registry.file_of(a_part) == __file__

"""Work folders: settings that must not change, the lock, and files that are whole."""

import contextlib
import dataclasses
import errno
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.configs import (
    EvolutionConfig,
    RetrainConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    settings,
)
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame
from eatnas_tf.network import weight_file
from eatnas_tf.network.weight_store import InFile
from eatnas_tf.space import Architecture
from eatnas_tf.stages import plans, results
from eatnas_tf.stages.workdir import Workdir, opened

CODE = "sep_k3_s1_w1.0_d1-mb6_k5_s0_w2.0_d2"
CONFIG = SearchConfig(evolution=EvolutionConfig(population=8, sample=4, cycles=20, patience=10))


@pytest.fixture
def runtime(tmp_path) -> RuntimeConfig:
    return RuntimeConfig(str(tmp_path / "run"))


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _with(**changes) -> SearchConfig:
    """`CONFIG` with other settings, by flag."""
    config = dataclasses.replace(
        CONFIG, **{name: changes.pop(name) for name in ("seed", "top_k", "workers") if name in changes}
    )
    for group in ("frame", "space", "data", "training", "evolution"):
        part = getattr(config, group)
        known = {entry.name for entry in dataclasses.fields(part)} & changes.keys()
        part = dataclasses.replace(part, **{name: changes.pop(name) for name in known})
        config = dataclasses.replace(config, **{group: part})
    assert not changes
    return config


def _path(runtime) -> Path:
    return Path(runtime.workdir)


def _written(runtime) -> dict:
    return json.loads((_path(runtime) / "config.json").read_text(encoding="utf-8"))


def _open(config, runtime, stage="search") -> None:
    with opened(stage, config, runtime):
        pass


@pytest.fixture
def used(runtime) -> RuntimeConfig:
    """A folder in which a search was at work."""
    _open(CONFIG, runtime)
    return runtime


def test_a_new_folder_holds_every_setting_and_what_it_ran_with(used) -> None:
    written = _written(used)
    expected = json.loads(json.dumps({**settings(CONFIG), **settings(used)}))
    del expected["workdir"], expected["boards"]
    assert (written["schema"], written["stage"], written["settings"]) == (1, "search", expected)
    assert {"eatnas_tf", "python", "tensorflow", "keras", "numpy"} <= written["versions"].keys()
    assert written["command"] == sys.argv


def test_the_same_settings_are_accepted_and_not_written_again(used) -> None:
    path = _path(used) / "config.json"
    text = path.read_text(encoding="utf-8") + " "
    path.write_text(text, encoding="utf-8")
    _open(CONFIG, used)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("cap", ["cycles", "patience"])
def test_a_cap_may_be_raised_for_good(used, cap) -> None:
    _open(_with(**{cap: 50}), used)
    assert _written(used)["settings"][cap] == 50
    with pytest.raises(InputError, match=f"--{cap}: 50 in "):
        _open(CONFIG, used)


@pytest.mark.parametrize("changes", [{"cycles": 19}, {"patience": 1}])
def test_a_cap_cannot_be_lowered(used, changes) -> None:
    ((name, new),) = changes.items()
    old = _written(used)["settings"][name]
    with pytest.raises(InputError) as refused:
        _open(_with(**changes), used)
    assert str(refused.value) == (
        f"--{name}: {old} in {used.workdir}, now {new}; it may only be raised there: "
        "use another --workdir or the old value"
    )


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"population": 9}, "8", "9"),
        ({"sample": 3}, "4", "3"),
        ({"seed": 1}, "0", "1"),
        ({"top_k": 2}, "8", "2"),
        ({"learning_rate": 0.1}, "0.0256", "0.1"),
        ({"dataset": "npz:mine.npz"}, "fashion_mnist_mini", "npz:mine.npz"),
        ({"kernel_choices": (3, 5)}, "3,5,7", "3,5"),
        ({"layers": (16, 18)}, "None", "16,18"),
        ({"strides": (1, 2)}, "None", "1,2"),
        ({"inherit": "none"}, "equal", "none"),
    ],
)
def test_another_setting_cannot_change(used, changes, old, new) -> None:
    before = _written(used)
    with pytest.raises(InputError) as refused:
        _open(_with(**changes), used)
    assert str(refused.value) == (
        f"--{next(iter(changes))}: {old} in {used.workdir}, now {new}; it cannot change there: "
        "use another --workdir or the old value"
    )
    assert _written(used) == before


def test_where_a_run_stands_is_no_setting_but_on_what_it_runs_is(used, tmp_path) -> None:
    moved = dataclasses.replace(used, workdir=str(tmp_path / "moved"))
    _path(used).rename(moved.workdir)
    _open(CONFIG, moved)
    with pytest.raises(
        InputError, match=r"--distribution: one_device in .*, now mirrored; it cannot change there"
    ):
        _open(CONFIG, dataclasses.replace(moved, distribution="mirrored"))


def test_the_number_of_workers_may_change_and_is_written_down(used) -> None:
    for workers in (2, 1, None):
        _open(_with(workers=workers), used)
        assert _written(used)["settings"]["workers"] == workers


def test_another_stages_folder_is_refused(used) -> None:
    with pytest.raises(InputError) as refused:
        _open(CONFIG, used, stage="transfer")
    assert (
        str(refused.value) == f"--workdir={used.workdir} holds a search, not a transfer; use another folder"
    )


def test_a_refused_run_leaves_no_folder(runtime, tmp_path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    blocked = dataclasses.replace(runtime, workdir=str(tmp_path / "file" / "run"))
    with pytest.raises(InputError, match=r"--workdir=.*file/run: cannot be written \(Not a directory\)"):
        _open(CONFIG, blocked)


def test_a_folder_at_work_is_refused_until_it_is_done(runtime) -> None:
    with opened("search", CONFIG, runtime), pytest.raises(InputError) as refused:
        _open(CONFIG, runtime)
    assert str(refused.value) == (
        f"--workdir={runtime.workdir}: another run is at work there; wait for it or use another folder"
    )
    _open(CONFIG, runtime)


def test_a_run_that_fails_frees_its_folder(runtime) -> None:
    with pytest.raises(ZeroDivisionError), opened("search", CONFIG, runtime):
        raise ZeroDivisionError
    _open(CONFIG, runtime)


def test_another_process_holds_a_folder_as_well(runtime) -> None:
    code = (
        "import sys; from eatnas_tf.configs import RuntimeConfig, SearchConfig\n"
        "from eatnas_tf.stages.workdir import opened\n"
        "with opened('search', SearchConfig(), RuntimeConfig(sys.argv[1])):\n"
        "    print('at work', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, runtime.workdir],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "at work\n"
        with pytest.raises(InputError, match="another run is at work there"):
            _open(SearchConfig(), runtime)
        other.stdin.close()
        assert other.wait() == 0
    _open(SearchConfig(), runtime)


@pytest.mark.parametrize(
    ("number", "reason", "remedy"),
    [
        (errno.ENOSPC, "No space left on device", "make room"),
        (errno.EDQUOT, "Disk quota exceeded", "make room"),
        (errno.EROFS, "Read-only file system", "make it writable"),
        (errno.EACCES, "Permission denied", "make it writable"),
        (errno.EPERM, "Operation not permitted", "make it writable"),
        (errno.EIO, "Input/output error", "put that right"),
        (None, "no more", "put that right"),
    ],
)
def test_what_cannot_be_written_ends_a_run_with_one_line_and_the_way_on(
    used, monkeypatch, number, reason, remedy
) -> None:
    def fail(handle):
        raise OSError(number, reason) if number else OSError(reason)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError) as refused, opened("search", CONFIG, used) as workdir:
        weight_file.save(workdir.store.path(3), {"a": np.zeros(2)})
    assert str(refused.value) == (
        f"{used.workdir}/weights/000003.npz: cannot be written ({reason}); "
        f"nothing that is finished is lost: {remedy} and repeat the command"
    )


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone", "mine.npz"), OSError(28, "full"), EOFError()])
def test_what_has_nothing_to_do_with_the_folder_is_not_called_so(used, error) -> None:
    with pytest.raises(type(error)) as raised, opened("search", CONFIG, used):
        raise error
    assert raised.value is error


def test_a_config_that_cannot_be_written_is_written_by_the_next_run(runtime, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(InputError, match=r"config\.json: cannot be written \(No space left on device\)"):
            _open(CONFIG, runtime)
    assert sorted(os.listdir(runtime.workdir)) == ["lock", "weights"]
    _open(CONFIG, runtime)
    assert _written(runtime)["stage"] == "search"


def test_weights_that_cannot_be_deleted_end_a_run_as_well(used, monkeypatch) -> None:
    (_path(used) / "weights" / "000001.npz").touch()
    monkeypatch.setattr(Path, "unlink", _full)
    with (
        pytest.raises(InputError, match=r"run/weights: cannot be written"),
        opened("search", CONFIG, used) as workdir,
    ):
        workdir.store.keep({0})


def test_a_file_is_replaced_as_a_whole(used, monkeypatch) -> None:
    workdir = Workdir(_path(used))
    workdir.write("best.json", {"schema": 1, "code": "old"})

    def torn(handle):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", torn)
        with pytest.raises(OSError, match="no space left"):
            workdir.write("best.json", {"schema": 1, "code": "new"})
    assert workdir.read("best.json")["code"] == "old"
    workdir.write("best.json", {"schema": 1, "code": "new"})
    assert workdir.read("best.json")["code"] == "new"
    assert not list(workdir.path.glob("*.partial"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file; expected the work folder of an earlier stage"),
        (
            "{",
            "cannot be read (JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)); "
            "restore it or use another folder",
        ),
        (
            "[]",
            "not written by a version that this one reads (schema 1); "
            "use the version of eatnas_tf that wrote it",
        ),
        (
            '{"schema": 2}',
            "not written by a version that this one reads (schema 1); "
            "use the version of eatnas_tf that wrote it",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, text, message) -> None:
    if text is not None:
        (tmp_path / "best.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        Workdir(tmp_path).read("best.json")
    assert str(refused.value) == f"{tmp_path / 'best.json'}: {message}"


def test_a_folder_with_a_broken_config_is_refused(used) -> None:
    (_path(used) / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"config\.json: cannot be read"):
        _open(CONFIG, used)


def test_only_the_weights_asked_for_are_kept(tmp_path) -> None:
    workdir = Workdir(tmp_path)
    (tmp_path / "weights").mkdir()
    for number in range(5):
        workdir.store.path(number).touch()
    (tmp_path / "weights" / "000003.npz.partial").touch()
    workdir.store.keep({1, 3, 9})
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == ["000001.npz", "000003.npz"]


def test_nothing_is_touched_of_a_candidate_that_another_process_may_be_writing(tmp_path) -> None:
    """Its file, whole but not told of, or half-written under another name, or a rest of a first attempt."""
    workdir = Workdir(tmp_path)
    (tmp_path / "weights").mkdir()
    names = [f"{number:06d}.npz{ending}" for number in range(4) for ending in ("", ".partial")]
    for name in names:
        (tmp_path / "weights" / name).touch()
    workdir.store.keep({0}, {2, 3})
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == ["000000.npz", *names[4:]]


@pytest.mark.parametrize("value", [(3, 5), (3.0, 5.0)])
def test_equal_settings_agree_however_they_were_typed(runtime, value) -> None:
    _open(dataclasses.replace(CONFIG, space=SpaceConfig(layers=(3, 5))), runtime)
    _open(dataclasses.replace(CONFIG, space=SpaceConfig(layers=value)), runtime)


@pytest.mark.parametrize("settings", ["[1]", "null", "{}", '{"cycles": null}'])
def test_a_damaged_config_is_refused(settings, tmp_path) -> None:
    (tmp_path / "config.json").write_text(f'{{"schema": 1, "stage": "search", "settings": {settings}}}')
    with pytest.raises(InputError), opened("search", SearchConfig(), RuntimeConfig(str(tmp_path))):
        pass


@pytest.mark.parametrize(
    "content",
    [
        '{"schema": 1, "finished": "yes"}',
        '{"schema": 1, "finished": "yes", "architecture": 3, "weights": null, "frame": {"strides": []}}',
        '{"schema": 1, "finished": "yes", "architecture": "", "weights": 1, "frame": {"size": 1}}',
        '{"schema": 1, "finished": null}',
        '{"schema": 2}',
        "[" * 100_000,
    ],
)
def test_a_damaged_or_unfinished_result_is_refused(content, tmp_path) -> None:
    (tmp_path / "best.json").write_text(content)
    with pytest.raises(InputError):
        plans.basic(str(tmp_path), None)


FRAME = dataclasses.asdict(Frame(14, 1, 10, strides=(2, 2)))
BEST = {
    "search": {
        "schema": 1,
        "finished": "all 4 cycles done",
        "architecture": CODE,
        "weights": None,
        "frame": FRAME,
        "ranking": [{"id": 0, "architecture": CODE, "score": 0.5, "accuracy": 0.5, "size": 1000}] * 2,
    },
    "retrain": {
        "schema": 1,
        "finished": "retrained and tested",
        "architecture": CODE,
        "weights": "weights.npz",
        "frame": FRAME,
        "params": 1000,
        "mult_adds": 2000,
        "test": {"top1": 0.5, "top5": 0.9, "loss": 1.0, "images": 10},
        "classes": ["a", "b"],
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def _places(value, path=()):
    """The path of every value in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*path, key))


@st.composite
def damaged_bests(draw):
    """A best.json of which one value is another one or not there."""
    best = json.loads(json.dumps(BEST[draw(st.sampled_from(sorted(BEST)))]))
    *parents, last = draw(st.sampled_from([place for place in _places(best) if place]))
    found = functools.reduce(lambda value, key: value[key], parents, best)
    if draw(st.booleans()):
        found[last] = draw(JSON)
    else:
        del found[last]
    return json.dumps(best).encode()


@pytest.fixture(scope="module")
def reused(tmp_path_factory) -> Path:
    """A folder for examples drawn one after another."""
    return tmp_path_factory.mktemp("reused")


@given(damaged_bests() | st.binary())
def test_any_best_json_is_a_result_or_refused(reused, data) -> None:
    (reused / "best.json").write_bytes(data)
    for read in (
        lambda: plans.basic(str(reused), None),
        lambda: plans.to_retrain(RetrainConfig(source=str(reused), top_k=2)),
        lambda: results.retrained(str(reused)),
    ):
        with contextlib.suppress(InputError):
            read()
    assert (reused / "best.json").read_bytes() == data


def test_a_result_is_read_whole(tmp_path) -> None:
    workdir = Workdir(tmp_path)
    workdir.write("best.json", BEST["search"])
    assert plans.to_retrain(RetrainConfig(source=str(tmp_path), top_k=2)) == [Architecture.parse(CODE)] * 2
    workdir.write("best.json", BEST["retrain"])
    basic = plans.basic(str(tmp_path), None)
    assert (basic.frame, basic.weights) == (
        Frame(**{**FRAME, "strides": (2, 2)}),
        InFile(tmp_path / "weights.npz"),
    )
    assert results.retrained(str(tmp_path))[1] == results.Tested(
        1000, 2000, 0.5, 0.9, 1.0, ("a", "b"), (0.5,)
    )


@given(st.dictionaries(st.sampled_from([*settings(CONFIG), "else"]), JSON) | JSON, JSON | st.just("search"))
@hypothesis.settings(max_examples=50)
def test_any_config_json_agrees_or_is_refused(reused, changes, stage) -> None:
    plain = json.loads(json.dumps(settings(CONFIG)))
    found = {**plain, **changes} if isinstance(changes, dict) else changes
    (reused / "config.json").write_text(json.dumps({"schema": 1, "stage": stage, "settings": found}))
    before = (reused / "config.json").read_bytes()
    try:
        _open(CONFIG, RuntimeConfig(str(reused)))
    except InputError:
        assert (reused / "config.json").read_bytes() == before


def _opened_with(runtime, fingerprint) -> None:
    with opened("search", CONFIG, runtime, fingerprint=fingerprint):
        pass


def test_a_folder_remembers_the_data_of_its_first_run_and_refuses_others(runtime) -> None:
    _opened_with(runtime, "a")
    assert _written(runtime)["fingerprint"] == "a"
    _opened_with(runtime, "a")
    before = (_path(runtime) / "config.json").read_bytes()
    with pytest.raises(InputError, match="--dataset=fashion_mnist_mini: its data changed since the first"):
        _opened_with(runtime, "b")
    assert (_path(runtime) / "config.json").read_bytes() == before


def test_a_folder_without_a_fingerprint_goes_on_and_takes_one(used) -> None:
    old = _written(used)
    del old["fingerprint"]  # as version 0.1.0 left it
    (_path(used) / "config.json").write_text(json.dumps(old), encoding="utf-8")
    _opened_with(used, "a")
    assert _written(used)["fingerprint"] == "a"


def test_a_cap_may_be_raised_on_the_same_data_only(runtime) -> None:
    _opened_with(runtime, "a")
    longer = _with(cycles=30)
    with (
        pytest.raises(InputError, match="its data changed"),
        opened("search", longer, runtime, fingerprint="b"),
    ):
        pass
    with opened("search", longer, runtime, fingerprint="a"):
        pass
    assert _written(runtime)["settings"]["cycles"] == 30


def test_other_images_to_validate_on_than_were_handed_in_are_refused(runtime) -> None:
    handed_in = _with(dataset="given:0123")
    with opened("search", handed_in, runtime, fingerprint="0123-a"):
        pass
    other = opened("search", handed_in, runtime, fingerprint="0123-b")
    with pytest.raises(InputError, match="has seen other images than those that were handed in"), other:
        pass

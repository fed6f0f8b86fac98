"""A run remembers the plugins it used, and messages name them; nothing is loaded from there."""

import json
from dataclasses import replace

import pytest

from eatnas_tf import registry
from eatnas_tf.configs import RuntimeConfig, SpaceConfig, TransferConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import conv_ops
from eatnas_tf.stages import plugins_used, report, results, search

PARTS = """
from eatnas_tf.layers import Activation, BatchNorm, Conv
from eatnas_tf.space import Primitive, natural


def plain(inputs, outputs, kernel, stride):
    return [Conv("conv", inputs, outputs, kernel, stride), BatchNorm("bn", outputs)]


PARTS = {
    "conv_ops": {"plain": plain},
    "primitives": {"squeeze": Primitive("squeeze", "se", (0, 4), natural, 0, lambda specs, value: specs)},
}
"""


@pytest.fixture
def forget(monkeypatch):
    """Begins what is like a new process: no parts but the installed ones."""

    def call() -> None:
        monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
        monkeypatch.setattr(registry, "_files", [])
        monkeypatch.setattr(registry, "_handed_in", set())
        conv_ops.find.cache_clear()

    call()
    yield call
    conv_ops.find.cache_clear()


@pytest.fixture
def searched(forget, tmp_path, folders_in):
    """The folder of a search with a conv op and a primitive of a file, whose process is over; its config."""
    path = tmp_path / "my_ops.py"
    path.write_text(PARTS)
    registry.add_file(str(path))
    folders = folders_in(tmp_path)
    space = SpaceConfig(blocks=4, conv_choices=("sep", "plain"), primitives=("squeeze",))
    config = replace(folders.config(), space=space)
    folder = folders.search("run", config)
    forget()
    return folder, config


def test_config_json_names_file_and_content_outside_of_the_compared_settings(searched, tmp_path) -> None:
    folder, _ = searched
    config = json.loads((folder / "config.json").read_text())
    assert list(config["plugins"]["files"]) == [str(tmp_path / "my_ops.py")]
    assert "plugins" not in config["settings"]


def test_a_report_without_the_plugins_names_them_and_does_not_advise_to_cut_the_journal(searched, tmp_path):
    with pytest.raises(InputError) as refused:
        report.read(searched[0])
    assert str(refused.value) == (
        "no primitive 'squeeze' among conv, depth, kernel, skip, width; one of your own needs --plugins; "
        f"the run in {searched[0]} had --plugins={tmp_path / 'my_ops.py'}"
    )


def test_a_search_that_goes_on_without_its_plugins_names_them(searched, tmp_path) -> None:
    folder, config = searched
    with pytest.raises(InputError, match=f"the run in {folder} had --plugins={tmp_path / 'my_ops.py'}"):
        search.run(config, RuntimeConfig(str(folder)))


def test_a_transfer_from_an_op_that_nothing_is_registered_under_names_the_plugins(forget, tmp_path) -> None:
    record = {"plugins": {"files": {"/ops.py": "0"}}}
    (tmp_path / "config.json").write_text(json.dumps(record))
    code = "-".join(["plain_k3_s1_w1.0_d1"] * 7)
    config = TransferConfig(architecture=code)
    with pytest.raises(InputError, match=r"no conv op 'plain'.*; the run in .* had --plugins=/ops\.py"):
        search.run(config, RuntimeConfig(str(tmp_path)))


def test_nothing_is_said_of_plugins_that_are_there_even_if_their_file_has_moved(searched, tmp_path) -> None:
    folder, _ = searched
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "my_ops.py").rename(moved / "my_ops.py")
    registry.add_file(str(moved / "my_ops.py"))
    assert plugins_used.missing(folder) == ""
    assert report.read(folder).stages


def test_a_folder_of_an_older_version_still_suggests_plugins_first(searched) -> None:
    folder, _ = searched
    config = json.loads((folder / "config.json").read_text())
    config.pop("plugins")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"no primitive 'squeeze' .*; one of your own needs --plugins$"):
        report.read(folder)


@pytest.mark.parametrize("record", [3, {"files": 3}, {"files": {"x": 3}, "distributions": [1]}, None])
def test_a_record_that_somebody_has_edited_is_not_relied_on(searched, record) -> None:
    folder, _ = searched
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "plugins": record}))
    assert plugins_used.missing(folder) == ""


def test_a_file_with_other_content_is_worth_a_warning_and_no_refusal(searched, tmp_path, monkeypatch) -> None:
    folder, config = searched
    said = []
    monkeypatch.setattr(plugins_used.logging, "warning", lambda form, *values: said.append(form % values))
    path = tmp_path / "my_ops.py"
    path.write_text(PARTS + "# changed\n")
    registry.add_file(str(path))
    search.run(config, RuntimeConfig(str(folder)))
    search.run(config, RuntimeConfig(str(folder)))
    assert said == [f"{path} has changed since this run began; what was measured before is kept"]


def test_a_run_that_goes_on_without_a_plugin_that_it_does_not_need_keeps_its_name(searched) -> None:
    before = json.loads((searched[0] / "config.json").read_text())
    assert plugins_used.merged(before, plugins_used.now())["files"] == before["plugins"]["files"]


def test_parts_handed_in_and_distributions_are_named_too(tmp_path) -> None:
    record = {"files": {}, "distributions": {"ops": "1.0"}, "handed_in": {"mutations mine": ""}}
    (tmp_path / "config.json").write_text(json.dumps({"plugins": record}))
    assert plugins_used.missing(tmp_path) == (
        f"the run in {tmp_path} had the package ops 1.0 installed and mutations mine handed in by "
        "eatnas_tf.registry.add"
    )


def test_results_are_read_without_plugins(searched) -> None:
    from eatnas_tf.stages.workdir import Workdir

    assert results.read(Workdir(searched[0])).ranking

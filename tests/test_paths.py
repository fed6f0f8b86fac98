"""Paths: home folders, URLs, commas, and every flag that takes one."""

from pathlib import Path

import pytest
from absl.testing import flagsaver

from eatnas_tf import paths, registry
from eatnas_tf.bin import entry
from eatnas_tf.configs import DataConfig, RetrainConfig, RuntimeConfig, TransferConfig
from eatnas_tf.errors import InputError
from eatnas_tf.flags import report as report_flags

URLS = ("gs://bucket/run", "s3://bucket/run", "https://example.org/run", "hdfs://name/run", "file:///run")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_a_tilde_is_the_home_folder_in_every_path_of_a_config(home) -> None:
    assert RuntimeConfig("~/run").workdir == f"{home}/run"
    assert DataConfig(data_dir="~/sets").data_dir == f"{home}/sets"
    assert DataConfig("npz:~/d.npz").dataset == f"npz:{home}/d.npz"
    assert DataConfig("folder:~/pictures").dataset == f"folder:{home}/pictures"
    assert TransferConfig(source="~/run").source == RetrainConfig(source="~/run").source == f"{home}/run"


def test_a_path_object_is_as_good_as_text() -> None:
    assert RuntimeConfig(Path("run")).workdir == "run"
    assert DataConfig(data_dir=Path("sets")).data_dir == "sets"
    assert RetrainConfig(source=Path("run")).source == "run"
    assert DataConfig(Path("d.npz")).dataset == "npz:d.npz"
    assert DataConfig(Path("pictures")).dataset == "folder:pictures"


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_refused_wherever_a_config_has_a_path(url) -> None:
    for make in (
        lambda: RuntimeConfig(url),
        lambda: RuntimeConfig(Path(url)),
        lambda: DataConfig(url),
        lambda: DataConfig(f"npz:{url}"),
        lambda: DataConfig(f"folder:{url}"),
        lambda: DataConfig(data_dir=url),
        lambda: TransferConfig(source=url),
        lambda: RetrainConfig(source=url),
        lambda: registry.add_file(url),
    ):
        with pytest.raises(InputError, match=r"is a URL, and only local files are read"):
            make()


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"--workdir: 3 is not a path; give text or a pathlib\.Path"):
        RuntimeConfig(3)


def test_names_of_datasets_are_no_paths() -> None:
    for name in ("mnist", "cifar10", "imagenet2012:5.1.0", "given:1234"):
        assert DataConfig(name).dataset == name


def test_a_value_with_commas_is_one_path_if_there_is_one_of_that_name(tmp_path) -> None:
    (tmp_path / "a,b").mkdir()
    assert paths.several("--workdir", ["a,b", "c,d", "e"]) == ["a,b", "c", "d", "e"]


def test_folders_of_a_report_are_given_by_repeating_the_flag(home) -> None:
    with flagsaver.flagsaver():
        entry._parse(["report", "--workdir=~/a", "--workdir=b", "--output=~/out.html"])
        assert report_flags.config() == ([f"{home}/a", "b"], f"{home}/out.html")


def test_a_tilde_of_nobody_stays() -> None:
    assert paths.local("--workdir", "~nobody-of-that-name/x") == "~nobody-of-that-name/x"

"""Files of flags, as editors save them."""

import pytest
from absl.testing import flagsaver

from eatnas_tf.bin import entry
from eatnas_tf.errors import InputError
from eatnas_tf.flags import evolution, flag_files, pipeline

BODY = "# 搜索 – größer\n\n--population=8   \n// also a comment\n--sample=4\n"


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_flags_is_read_in_every_unicode_and_with_every_line_end(tmp_path, encoding, end) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "mine").write_bytes((mark + BODY.replace("\n", end)).encode(encoding))
    assert flag_files.expanded(["--flagfile=mine"]) == ["--population=8", "--sample=4"]


def test_a_file_may_name_another_but_not_itself(tmp_path) -> None:
    (tmp_path / "outer").write_text("--flagfile=inner\n--seed=1\n")
    (tmp_path / "inner").write_text("--sample=4\n")
    assert flag_files.expanded(["--flagfile", "outer"]) == ["--sample=4", "--seed=1"]
    (tmp_path / "inner").write_text("--flagfile=outer\n")
    with pytest.raises(InputError, match="--flagfile=outer includes itself"):
        flag_files.expanded(["--flagfile=outer"])


def test_a_file_lies_where_its_tilde_says(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine").write_text("--seed=1\n")
    assert flag_files.expanded(["--flagfile=~/mine"]) == ["--seed=1"]


def test_what_stands_behind_the_flags_is_no_flag() -> None:
    arguments = ["--model", "m.keras", "a.png", "--flagfile=b.png"]
    assert flag_files.expanded(arguments) == arguments


def test_flags_behind_a_file_win_over_it_in_every_stage_of_a_pipeline(tmp_path) -> None:
    (tmp_path / "mine").write_text(BODY, encoding="utf-8-sig")
    arguments = ["--flagfile=mine", "--population=9"]
    with flagsaver.flagsaver():
        entry._parse(["pipeline", *arguments])
        assert (evolution.POPULATION.value, evolution.SAMPLE.value) == (9, 4)
        found = pipeline.config(arguments)
    assert (found.search.evolution.population, found.search.evolution.sample) == (9, 4)

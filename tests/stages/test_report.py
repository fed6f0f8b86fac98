"""Reports: what is read of work folders, and what the page tells of it."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape

import pytest

from eatnas_tf.configs import FrameConfig, RetrainConfig, TransferConfig
from eatnas_tf.errors import InputError
from eatnas_tf.layers import count, expand
from eatnas_tf.reporting.report.comparison import grouped
from eatnas_tf.space import Architecture, differences
from eatnas_tf.stages import report, results
from eatnas_tf.stages.workdir import Workdir

STRIDES = FrameConfig(strides=(1, 2, 1, 2), head_filters=64)


@pytest.fixture
def folders(folders_in, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return folders_in(tmp_path)


@pytest.fixture
def chain(folders):
    """Search, retraining, transfer, retraining, in the folders of a pipeline."""
    first = folders.search("1-search", folders.config())
    basic = folders.retrain(
        "2-retrain", RetrainConfig(source=str(first), top_k=2, frame=STRIDES), top1=0.8, repeats=3
    )
    config = folders.config(cycles=9, seed=1)
    transfer = TransferConfig(**vars(config), source=str(basic), inherit_seed="none")
    second = folders.search("3-transfer", transfer)
    folders.retrain("4-retrain", RetrainConfig(source=str(second), top_k=1, frame=STRIDES))
    return folders.root


def _text(page: str) -> str:
    """What a person reads of it."""
    body = page[page.index("<body>") : page.index('<script type="module">')]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_search_is_told_as_its_journal_holds_it(folders) -> None:
    folder = folders.search("run", folders.config(cycles=30))
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()][1:]
    (stage,) = report.read(folder).stages
    assert [one.id for one in stage.told.values()] == [line["id"] for line in lines]
    assert [moment.quality for moment in stage.moments] == [line["quality"] for line in lines[7:]]
    assert str(stage.winner.architecture) == results.read(Workdir(folder)).architecture
    replaced = {line["replaced"] for line in lines}
    assert stage.alive == {line["id"] for line in lines} - replaced
    for one in stage.told.values():
        assert stage.counts[one.id] == count(expand(one.architecture, stage.frame))
        assert stage.counts[one.id].params == one.measurement.size
    assert stage.hours == pytest.approx(sum(line["seconds"] for line in lines) / 3600)


@pytest.mark.parametrize("place", [".", "4-retrain"])
def test_a_pipeline_and_its_last_stage_are_told_as_the_whole_chain(chain, place) -> None:
    found = report.read(chain / place)
    assert [stage.kind for stage in found.stages] == ["search", "retrain", "transfer", "retrain"]
    first, basic, second, final = found.stages
    assert second.basic == basic.test.architecture
    assert str(final.test.architecture) == str(second.winner.architecture)
    hours = [hours for _, _, hours in found.tests]
    assert hours == pytest.approx([first.hours, first.hours + second.hours])
    assert pytest.approx(basic.test.top1) == [0.8, 0.79, 0.78]


def test_stages_that_moved_together_are_still_a_chain_and_those_of_others_are_not(chain, tmp_path) -> None:
    moved = chain.rename(tmp_path.parent / f"{tmp_path.name}-moved") / "3-transfer"
    assert [stage.kind for stage in report.read(moved).stages] == ["search", "retrain", "transfer"]
    best = moved.parent / "2-retrain" / "best.json"
    content = json.loads(best.read_text())
    other = Architecture.parse(content["architecture"]).replace(0, kernel=3, conv="mb6", depth=4)
    best.write_text(json.dumps({**content, "architecture": str(other)}))
    assert [stage.kind for stage in report.read(moved).stages] == ["transfer"]


@pytest.mark.parametrize("source", ["x" * 300, "a\0b", "", ".", 7])
def test_where_a_stage_came_from_may_be_anything(folders, source) -> None:
    config = folders.config()
    basic = "-".join(["mb3_k3_s1_w1.0_d1"] * 4)
    folder = folders.search("run", TransferConfig(**vars(config), architecture=basic))
    content = json.loads((folder / "config.json").read_text())
    content["settings"]["from"] = source
    (folder / "config.json").write_text(json.dumps(content))
    (stage,) = report.read(folder).stages
    assert str(stage.basic) == basic


def test_a_page_tells_everything_that_is_asked_of_it(chain, capsys) -> None:
    target = report.run([str(chain)], None)
    assert target == chain / "report.html"
    text, found = _text(target.read_text()), report.read(chain)
    first, basic, second, final = found.stages
    for stage in (first, second):
        for one in stage.told.values():
            assert str(one.architecture) in text
        assert f"Candidate {stage.winner.id} leads the best population" in text
    for change in differences(second.basic, second.winner.architecture):
        assert f"{change.block}: {change.primitive} {change.old}→{change.new}" in text
    assert f"{basic.test.params / 1e6:.3f} {basic.test.mult_adds / 1e6:.3f} 79.00 ± 1.00 99.00" in text
    assert f"99.00 {first.hours + second.hours:.2f} {final.test.architecture}" in text
    for stage in found.stages:
        assert stage.command in text
    assert "going on" not in text
    assert str(target) in capsys.readouterr().out


def test_a_search_that_goes_on_is_told_as_it_stands_and_is_left_alone(folders) -> None:
    for only in (0, 3, 8, 13):
        folder = folders.search(f"run{only}", folders.config(), only=only)
        with (folder / "journal.jsonl").open("a") as file:
            file.write('{"id": 13, "par')  # torn: it is being written
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        (stage,) = report.read(folder).stages
        assert len(stage.told) == only
        assert (stage.winner is None) == (only < 8)
        target = report.run([str(folder)], str(folder / "told.html"))
        assert f"going on, or cut off, after {only} candidates" in _text(target.read_text())
        target.unlink()
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_runs_that_differ_in_the_seed_only_are_one_group(folders) -> None:
    runs = [
        report.read(folders.search(f"a{seed}", folders.config(seed=seed, cycles=10 + seed)))
        for seed in (0, 0)
    ]
    runs = [report.read(folders.search(f"every{seed}", folders.config(seed=seed))) for seed in (0, 1, 2)]
    runs += [
        report.read(folders.search(f"one{seed}", folders.config(seed=seed, perturbation="one_block")))
        for seed in (0, 1)
    ]
    groups = grouped(runs)
    assert [len(group.runs) for group in groups] == [3, 2]
    assert [group.name for group in groups] == ["1: perturbation=every_block", "2: perturbation=one_block"]
    assert [group.name for group in grouped(runs[:3])] == ["all runs"]
    other = replace(runs[0].stages[0], settings={**runs[0].stages[0].settings, "workers": 7, "from": "x"})
    assert len(grouped([runs[1], replace(runs[0], stages=[other])])) == 1


def test_a_comparison_tells_every_run_and_what_sets_them_apart(folders) -> None:
    names = []
    for kind in ("every_block", "one_block"):
        for seed in (0, 1):
            folders.search(f"{kind}{seed}", folders.config(seed=seed, perturbation=kind))
            names.append(f"{kind}{seed}")
    target = report.run(names, None)
    text = _text(target.read_text())
    assert target.name == "comparison.html"
    for name in names:
        assert f"{name} {name[-1]} search 20 0.20 all 12 cycles done" in text
    assert "1-search perturbation every_block one_block" in text
    assert target.read_text().count("<figure") == 4


NAME = "<script>alert(1)</script>\x1b[2J$x$\udcff"


def test_names_of_data_are_escaped_wherever_they_stand(folders) -> None:
    folder = folders.search("run", folders.config())
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["dataset"], config["command"] = NAME, ["search.py", NAME]
    (folder / "config.json").write_text(json.dumps(config))
    page = report.run([str(folder)], None).read_text()
    assert "<script>alert" not in page
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;\x1b[2J$x$\udcff" in page


def test_a_report_names_no_address_but_its_own_and_allows_no_other(folders) -> None:
    page = report.run([str(folders.search("run", folders.config()))], None).read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src &#39;none&#39;" in policy
    assert not re.findall(r"https?:|unsafe-eval|\*", policy)
    outside = page.replace(page[page.index('<script type="module">') :], "")
    assert set(re.findall(r'(?:src|href)="([^,"]*)', outside)) <= {"data:", "data:image/svg+xml;base64"} | {
        "data:image/png;base64"
    } | {f"#s{number}" for number in range(1, 30)}


def test_what_cannot_be_written_is_one_line_and_takes_no_room(folders, full_after) -> None:
    folder = folders.search("run", folders.config())
    with (
        full_after(1000),
        pytest.raises(InputError, match=r"report\.html: cannot be written \(File too large\)"),
    ):
        report.run([str(folder)], None)
    assert not (folder / "report.html").exists()


def test_a_report_of_a_process_of_its_own_loads_no_tensorflow(folders) -> None:
    folder = folders.search("run", folders.config())
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "eatnas_tf.bin.report", f"--workdir={folder}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "eatnas_tf.stages.report" in loaded
    assert not loaded & {"tensorflow", "keras"}
    assert (folder / "report.html").exists()

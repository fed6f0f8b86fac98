import json
import os
import shutil
import signal
import time

import pytest

MOMENTS = (1, 4, 6)  # lines of the journal: in the first population, at its end, among the children


@pytest.fixture(scope="module")
def uninterrupted(stage):
    done = stage.run("search", *stage.search_flags, "--workdir=whole")
    assert done.returncode == 0, done.stderr
    return done


def test_a_search_killed_at_three_moments_ends_with_the_journal_of_an_uninterrupted_one(
    stage, uninterrupted
) -> None:
    for lines in MOMENTS:
        process = stage.start("search", *stage.search_flags, "--workdir=killed")
        journal = stage.folder / "killed" / "journal.jsonl"
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < lines):
            time.sleep(0.02)
        time.sleep(0.01 * lines)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert stage.run("search", *stage.search_flags, "--workdir=killed").returncode == 0
    assert stage.journal("killed") == stage.journal("whole")
    assert _best(stage, "killed") == _best(stage, "whole")
    assert _weights(stage, "killed") == _weights(stage, "whole")


def test_weights_on_disk_are_those_of_the_population_and_the_best(stage, uninterrupted) -> None:
    lines = stage.journal("whole")[1:]
    dead = {line["replaced"] for line in lines}
    alive = {f"{line['id']:06d}.npz" for line in lines} - {f"{number:06d}.npz" for number in dead - {None}}
    best = max(lines, key=lambda line: line["score"])["id"]
    leader = _best(stage, "whole")["ranking"][0]["id"]
    assert (
        alive <= set(_weights(stage, "whole")) <= alive | {f"{number:06d}.npz" for number in (best, leader)}
    )


def test_a_half_written_line_is_dropped_and_its_candidate_evaluated_again(stage, uninterrupted) -> None:
    journal = stage.folder / "whole" / "journal.jsonl"
    whole = stage.journal("whole")
    journal.write_bytes(journal.read_bytes()[:-30])
    assert stage.run("search", *stage.search_flags, "--workdir=whole").returncode == 0
    assert stage.journal("whole") == whole


def test_a_finished_search_answers_at_once_and_larger_caps_go_on(stage, uninterrupted) -> None:
    weights = _weights(stage, "whole")
    for name in ("000001.npz", "000007.npz.partial"):  # killed before they were deleted, or while written
        (stage.folder / "whole" / "weights" / name).touch()
    again = stage.run("search", *stage.search_flags, "--workdir=whole")
    assert again.returncode == 0
    assert again.stdout == uninterrupted.stdout
    assert _weights(stage, "whole") == weights
    further = stage.run("search", *stage.search_flags, "--workdir=whole", "--cycles=5")
    assert further.returncode == 0
    assert len(stage.journal("whole")) == 1 + 3 + 5


def test_another_setting_is_refused_by_flag_with_old_and_new_value(stage, uninterrupted) -> None:
    refused = stage.run("search", *stage.search_flags, "--workdir=whole", "--cycles=5", "--omega=-0.1")
    assert refused.returncode == 2
    assert refused.stderr.startswith("search: --omega: -0.07 in whole, now -0.1; it cannot change there")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_cleanly_and_says_how_to_go_on(stage, number) -> None:
    workdir = f"stopped{number}"
    process = stage.start("search", *stage.search_flags, f"--workdir={workdir}", "--cycles=100")
    while process.poll() is None and not (stage.folder / workdir / "journal.jsonl").exists():
        time.sleep(0.02)
    refused = stage.run("search", *stage.search_flags, f"--workdir={workdir}", "--cycles=100")
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert refused.returncode == 2
    assert "another run is at work there" in refused.stderr
    assert process.returncode == 128 + number
    assert f"stopped by {signal.Signals(number).name}; the same command goes on from here" in err
    assert "Traceback" not in err


def _weights(stage, workdir: str) -> list[str]:
    return sorted(os.listdir(stage.folder / workdir / "weights"))


def _best(stage, workdir: str) -> dict:
    return json.loads((stage.folder / workdir / "best.json").read_text())


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="needs a machine without a GPU")
def test_mirroring_over_nothing_is_refused_before_anything_is_written(stage) -> None:
    refused = stage.run("search", *stage.search_flags, "--workdir=mirrored", "--distribution=mirrored")
    assert refused.returncode == 2
    assert refused.stderr.startswith("search: --distribution=mirrored found no GPU")
    assert not (stage.folder / "mirrored").exists()

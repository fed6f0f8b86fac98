"""Objectives that are measured: once a candidate, where it was trained, and kept in the journal."""

import pytest

from eatnas_tf import registry
from eatnas_tf.configs import EvolutionConfig, FrameConfig, SearchConfig, SpaceConfig
from eatnas_tf.layers import measured
from eatnas_tf.searches import Journal, Measurement, run
from eatnas_tf.searches.journal import line_of
from eatnas_tf.stages import search
from eatnas_tf.stages.setting import set_up

PLUGIN = """
import os
from eatnas_tf.layers import measured

@measured
def latency(network):
    with open(r"{calls}", "a") as file:
        print(os.getpid(), file=file)
        return 1000 + file.tell()

PARTS = {{"objectives": {{"latency": latency}}}}
"""
CONFIG = SearchConfig(
    FrameConfig(strides=(1, 2)),
    SpaceConfig(blocks=2),
    evolution=EvolutionConfig(4, 2, 6, objective="latency", target=1000.0),
)


@pytest.fixture
def sizes(monkeypatch) -> list[float]:
    """What the objective `latency` has measured; every call finds another number."""
    found: list[float] = []

    @measured
    def latency(network) -> float:
        found.append(1000.0 + len(found))
        return found[-1]

    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    registry.add("objectives", "latency", latency)
    return found


def test_a_search_that_goes_on_measures_new_candidates_only(sizes, tmp_path) -> None:
    def go_on(cycles: int) -> None:
        setting = set_up(CONFIG)
        first = setting.first_population()
        with Journal(tmp_path / "journal.jsonl") as journal:
            searched = search._restored(setting, first, journal)
            ledger = searched.ledger
            ledger.limits = type(ledger.limits)(cycles)
            run(
                searched,
                lambda candidate: Measurement(0.5, setting.size(candidate.architecture)),
                lambda individual: journal.append(line_of(individual, ledger.quality)),
            )
            assert [one.measurement.size for one in ledger.told.values()] == sizes
            assert [line["size"] for line in journal.lines] == sizes

    go_on(2)
    assert len(sizes) == 6
    go_on(5)
    assert len(sizes) == 9


def test_a_candidate_that_failed_is_not_measured(sizes) -> None:
    setting = set_up(CONFIG)
    architecture = setting.first_population()[0].architecture
    assert setting.size_of_failed(architecture) == 1000.0
    assert sizes == []


@pytest.mark.slow
def test_workers_measure_every_candidate_once_and_a_resumed_search_none_again(stage) -> None:
    calls = stage.folder / "calls"
    (stage.folder / "mine.py").write_text(PLUGIN.format(calls=calls))
    before: list[dict] = []
    for cycles in (1, 3):
        process = stage.start(
            "search",
            *stage.search_flags,
            "--plugins=mine.py",
            "--objective=latency",
            "--epochs=1",
            "--workers=2",
            f"--cycles={cycles}",
            "--workdir=measured",
        )
        _, said = process.communicate(timeout=400)
        assert process.returncode == 0, said
        lines = stage.journal("measured")[1:]
        pids = list(map(int, calls.read_text().split()))
        assert len(pids) == len(lines) == 3 + cycles
        assert len({line["size"] for line in lines}) == len(lines)
        assert process.pid not in pids
        assert 1 < len(set(pids[:4])) <= 2
        assert lines[: len(before)] == before
        before = lines

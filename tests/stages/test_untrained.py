"""Searches in which no candidate trains, without trainings."""

import json
from dataclasses import replace

import pytest

from eatnas_tf.configs import RuntimeConfig, TrainingConfig
from eatnas_tf.errors import InputError
from eatnas_tf.searches import Alone, Measurement
from eatnas_tf.stages import boards, devices, results, search, untrained
from eatnas_tf.stages.workdir import Workdir

DIVERGED = {"loss": None}


class NoBoard:
    def resume(self, told) -> None: ...

    def add(self, individual) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def run(monkeypatch, folders_in, tmp_path):
    """Runs a search of four and three more, whose candidates are measured as `details` says."""
    said: list[str] = []
    monkeypatch.setattr(untrained.logging, "warning", lambda form, *values: said.append(form % values))
    monkeypatch.setattr(devices, "places", lambda runtime, workers: [None])
    monkeypatch.setattr(boards, "of_search", lambda *given: NoBoard())
    config = folders_in(tmp_path).config(4, 3)
    config = replace(config, training=replace(TrainingConfig(), learning_rate=50.0))

    def call(details):
        def evaluate(task) -> Measurement:
            found = details(task.candidate.id)
            return Measurement(0.0 if found else 0.5, 1e5, 1.0, found)

        monkeypatch.setattr(search, "workforce_of", lambda *given: Alone(evaluate))
        return search.run(config, RuntimeConfig(str(tmp_path / "run")))

    call.said = said
    return call


def test_a_search_whose_trainings_all_diverge_says_so_and_leaves_no_result(run, tmp_path) -> None:
    for _ in range(2):  # the same command says the same
        with pytest.raises(InputError) as ended:
            run(lambda number: DIVERGED)
    assert str(ended.value) == (
        "none of 7 candidates trained: 7 diverged (the loss is not finite); lower --learning_rate (now 50) "
        "or check the images and labels, and give another --workdir"
    )
    assert run.said == [
        f"none of 4 candidates trained: 4 diverged (the loss is not finite); {advice}; the search goes on"
        for advice in [str(ended.value).partition("; ")[2]]
    ]
    assert not (tmp_path / "run" / "best.json").exists()
    assert len((tmp_path / "run" / "journal.jsonl").read_text().splitlines()) == 1 + 7
    with pytest.raises(InputError, match="that stage has no result; run its command, which says why"):
        results.read(Workdir(tmp_path / "run"))


def test_one_candidate_that_trains_makes_a_result_of_a_search(run, tmp_path) -> None:
    result = run(lambda number: {} if number == 5 else DIVERGED)
    assert result.population[0].id == 5
    assert [line.partition(";")[0] for line in run.said] == [
        "none of 4 candidates trained: 4 diverged (the loss is not finite)",
        "6 of 7 candidates diverged or failed, and score 0",
    ]
    assert results.read(Workdir(tmp_path / "run")).finished == "all 3 cycles done"


def test_a_search_in_which_some_candidates_diverge_counts_them(run) -> None:
    run(lambda number: DIVERGED if number in (2, 5) else {})
    assert run.said == ["2 of 7 candidates diverged or failed, and score 0"]


def test_failures_beside_divergences_are_counted_with_the_first_reason(run) -> None:
    with pytest.raises(InputError, match=r"6 diverged .*, 1 failed, the first with worker died twice; lower"):
        run(lambda number: {"failed": "worker died twice"} if number == 2 else DIVERGED)


def test_a_best_json_of_an_older_version_in_which_nothing_trained_is_no_result(run, tmp_path) -> None:
    run(lambda number: {} if number == 5 else DIVERGED)
    path = tmp_path / "run" / "best.json"
    best = json.loads(path.read_text())
    ranking = [{**one, "score": 0.0, "accuracy": 0.0} for one in best["ranking"]]
    path.write_text(json.dumps({**best, "weights": None, "ranking": ranking}))
    with pytest.raises(InputError, match="no candidate of that search trained; search again with a lower"):
        results.read(Workdir(tmp_path / "run"))

"""The fault tests' own checks, which have to find what does not hold; and every fault, tried small."""

import json
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pytest

from eatnas_tf import registry, searches
from eatnas_tf.layers import Frame
from eatnas_tf.mutations import operators
from eatnas_tf.network import weight_file
from eatnas_tf.searches import (
    Journal,
    Ledger,
    Measurement,
    Quality,
    Score,
    random_population,
    run,
)
from eatnas_tf.searches.journal import line_of
from eatnas_tf.space import STANDARD, SearchSpace
from eatnas_tf.stages.search import _write_best
from eatnas_tf.strategies.evolution import Evolution

_WHY = "benchmarks/ lies in a checkout only; run `python -m pytest` from its root"
faults = pytest.importorskip("benchmarks.faults", reason=_WHY)
from benchmarks.faults import (  # noqa: E402
    __main__,
    checks,
    disks,
    files,
    lab,
    moments,
    mounts,
    processes,
    small_search,
    trial,
)
from benchmarks.faults.moments import Moment, Sight  # noqa: E402
from benchmarks.faults.small_search import Ended, Search  # noqa: E402

ROOT = Path(small_search.ROOT)
JOURNAL = b'{"schema": 1}\n{"id": 0}\n{"id": 1}\n{"id": 2}\n'
LINES = JOURNAL.splitlines(keepends=True)
PACE = lab.Pace(start_up=5, first_line=8, candidate=1, whole=15)


def _search(path: Path) -> Search:
    """A finished search in a folder, of which nothing was trained."""
    search, space = Search(path), SearchSpace(2, STANDARD)
    (path / "weights").mkdir(parents=True)
    perturb = partial(registry.get("perturbations", "one_block"), space=space, mutations=operators(space))
    ledger = Ledger(small_search.POPULATION, Score(small_search.TARGET), Quality(), small_search.LIMITS)
    strategy = Evolution(lambda parent, rng: perturb(parent, rng=rng), 2)
    searched = searches.Search(random_population(space, small_search.POPULATION, seed=3), strategy, ledger)

    def evaluate(candidate):
        weights = {"head/bias": np.float32([candidate.id, 0.5])}
        weight_file.save(search.workdir.store.path(candidate.id), weights)
        details = {"loss": 1.0, "inherited": None}
        return Measurement(Random(candidate.id).random(), 100 + candidate.id, 0.5, details)

    with Journal(search.workdir.journal) as journal:

        def taken(individual):
            journal.append(line_of(individual, ledger.quality))
            search.workdir.store.keep(ledger.alive_or_needed())

        run(searched, evaluate, taken)
    _write_best(search.workdir, ledger, Frame(), ledger.finished)
    return search


@pytest.fixture
def search(tmp_path) -> Search:
    return _search(tmp_path / "run")


@pytest.fixture
def reference(tmp_path) -> Search:
    """The same once more."""
    return _search(tmp_path / "reference")


def _edited(search: Search, number: int, **changes) -> None:
    """Changes fields of a candidate's line."""
    lines = small_search.whole_lines(search.journal())
    lines[number + 1] = json.dumps({**json.loads(lines[number + 1]), **changes}).encode()
    search.workdir.journal.write_bytes(b"".join(line + b"\n" for line in lines))


def _written(search: Search, **changes) -> None:
    """Changes fields of best.json."""
    search.workdir.write("best.json", {**search.best(), **changes})


def _swapped(search: Search, one: int, other: int) -> None:
    """Changes the places of two lines."""
    lines = small_search.whole_lines(search.journal())
    lines[one + 1], lines[other + 1] = lines[other + 1], lines[one + 1]
    search.workdir.journal.write_bytes(b"".join(line + b"\n" for line in lines))


def test_of_a_search_that_nothing_happened_to_everything_holds(search, reference) -> None:
    lines = search.lines()
    assert checks.consistent(search, small_search.LIMITS) == []
    assert checks.once_each(lines, small_search.EVALUATIONS) == []
    assert checks.same(lines, reference.lines()) == []
    assert checks.same_results(search, reference) == []
    assert checks.living_have_weights(search) == []
    assert checks.failures_have_reasons(lines, killed=0) == []
    assert checks.sane_seconds(lines, 1) == []
    assert checks.whole(search.journal()) == []


@pytest.mark.parametrize(
    ("after", "problems"),
    [
        (JOURNAL, []),
        (JOURNAL + b'{"id": 3}\n', []),
        (JOURNAL + b'{"id', []),
        (JOURNAL[:-1], ["line 4 was lost"]),
        (b"", [f"line {number} was lost" for number in range(1, 5)]),
        (b"".join(LINES[:2] + LINES[3:]), ["line 3 was changed", "line 4 was lost"]),
        (b"".join(LINES[:2] + LINES[1:]), ["line 3 was changed", "line 4 was changed"]),
        (JOURNAL.replace(b'"id": 2', b'"id": 5'), ["line 4 was changed"]),
    ],
)
def test_a_line_that_is_lost_doubled_or_changed_is_found(after, problems) -> None:
    assert checks.kept(JOURNAL, after) == problems


@pytest.mark.parametrize(
    ("ids", "problems"),
    [
        ([2, 0, 1], []),
        ([0, 1], ["candidate 2 has no line"]),
        ([0, 1, 2, 1], ["candidate 1 has 2 lines"]),
        ([0, 1, 2, 3], ["candidate 3 was not asked for"]),
    ],
)
def test_a_candidate_that_is_lost_doubled_or_one_too_many_is_found(ids, problems) -> None:
    assert checks.once_each([{"id": number} for number in ids], 3) == problems


def test_a_journal_that_differs_in_more_than_seconds_is_found(search, reference) -> None:
    _edited(search, 1, seconds=9.0)
    assert checks.same(search.lines(), reference.lines()) == []
    _edited(search, 1, loss=1.0000000000000002, failed="why")
    assert checks.same(search.lines(), reference.lines()) == ["candidate 1 differs in loss, failed"]
    assert checks.same(search.lines()[:-1], reference.lines())[0] == "6 candidates instead of 7"


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda search: _edited(search, 4, score=0.5), "candidate 4 does not have the score or quality"),
        (lambda search: _edited(search, 4, quality=0.5), "candidate 4 does not have the score or quality"),
        (lambda search: _edited(search, 4, parent=6), "candidate 4 comes before its parent"),
        (lambda search: _edited(search, 4, replaced=6), "candidate 4 replaces one that is dead"),
        (lambda search: _swapped(search, 1, 6), "candidate 6 replaces one that is dead"),
        (lambda search: _written(search, ranking=search.best()["ranking"][::-1]), "another population"),
        (
            lambda search: _written(
                search, ranking=[{**one, "score": 1} for one in search.best()["ranking"]]
            ),
            "other scores",
        ),
        (lambda search: _written(search, quality=0.0), "quality is 0.0 in best.json"),
        (lambda search: _written(search, cycle=9), "cycle is 9 in best.json"),
        (lambda search: _written(search, finished=None), "finished is None in best.json"),
        (lambda search: search.workdir.store.path(9).touch(), "000009.npz is left over"),
        (lambda search: (search.path / "weights" / "000001.npz.partial").touch(), "npz.partial is left over"),
        (lambda search: (search.path / "best.json.partial").touch(), "best.json.partial is left over"),
        (lambda search: next((search.path / "weights").iterdir()).unlink(), "npz is missing"),
    ],
)
def test_what_does_not_fit_together_is_found(search, damage, problem) -> None:
    damage(search)
    assert any(problem in found for found in checks.consistent(search, small_search.LIMITS))


def test_results_that_differ_in_a_bit_are_found(search, reference) -> None:
    leader = search.workdir.store.path(search.best()["ranking"][0]["id"])
    weights = weight_file.load(leader)
    weight_file.save(leader, {"head/bias": np.nextafter(weights["head/bias"], np.float32(9))})
    assert checks.same_results(search, reference) == [f"the weights in {leader.name} differ"]
    leader.unlink()
    _written(search, cycle=9)
    problems = checks.same_results(search, reference)
    assert problems[0] == "best.json differs"
    assert problems[1].startswith("weights of ")


@pytest.mark.parametrize("damage", files.DAMAGES.values(), ids=list(files.DAMAGES))
def test_weights_of_the_living_that_are_lost_or_damaged_are_found(search, damage) -> None:
    dead = {line["replaced"] for line in search.lines()}
    living = next(line["id"] for line in search.lines() if line["id"] not in dead)
    damage(search.workdir.store.path(living))
    (problem,) = checks.living_have_weights(search)
    assert f"{living:06d}.npz" in problem


@pytest.mark.parametrize(
    ("line", "killed", "problems"),
    [
        ({"score": 0.0, "failed": checks.DIED_TWICE}, 2, []),
        ({"score": 0.0, "failed": checks.DIED_TWICE}, 1, ["1 candidates scored 0 after 1 killed workers"]),
        ({"score": 0.0}, 2, ["candidate 5 scored 0 with the reason None"]),
    ],
)
def test_a_candidate_that_scores_0_without_two_deaths_or_a_reason_is_found(line, killed, problems) -> None:
    assert checks.failures_have_reasons([{"id": 5, **line}], killed) == problems


def test_how_a_run_ended_is_judged_by_its_code_and_its_last_line() -> None:
    line = "search: run/journal.jsonl: cannot be written (no space)"
    assert checks.refused(Ended(2, f"a warning\n{line}\n"), "journal.jsonl", "no space") == []
    assert checks.refused(Ended(1, line), "journal.jsonl", "no space") == ["exit code 1"]
    for what, why in (("best.json", "no space"), ("journal.jsonl", "read-only")):
        assert len(checks.refused(Ended(2, line), what, why)) == 1
    assert len(checks.refused(Ended(2, ""), "journal.jsonl", "no space")) == 1
    said = f"Traceback (most recent call last):\n{line}"
    assert len(checks.refused(Ended(2, said), "journal.jsonl", "no space")) == 1
    assert checks.well(Ended(0, "")) == []
    assert checks.well(Ended(2, line)) == [f"exit code 2: {line}"]
    assert checks.warned(Ended(0, "oh\noh\n"), "oh", times=2) == []
    assert checks.warned(Ended(0, "oh\noh\n"), "oh", times=1) == ["'oh' was said 2 times, not 1"]


@pytest.mark.parametrize("seconds", [-3600.0, 0.0, 3600.0])
def test_seconds_of_a_clock_that_jumped_are_found(seconds) -> None:
    assert len(checks.sane_seconds([{"id": 0, "seconds": 1.0}, {"id": 1, "seconds": seconds}], 15)) == 1


@pytest.mark.parametrize("journal", [JOURNAL[:-1], JOURNAL + b"{", JOURNAL + b"{\n", JOURNAL + b"\0\n"])
def test_a_journal_that_is_not_whole_is_found(journal) -> None:
    assert checks.whole(JOURNAL) == checks.whole(b"") == []
    assert len(checks.whole(journal)) == 1
    assert checks.same_bytes(journal, JOURNAL) != checks.same_bytes(JOURNAL, JOURNAL) == []


def _sight(journal: bytes = JOURNAL, partial=(), unnamed=()) -> Sight:
    return Sight(journal, frozenset(partial), frozenset(unnamed))


@pytest.mark.parametrize(
    ("after", "seconds", "what"),
    [
        (_sight(JOURNAL + b"{"), 9, "a line half-written"),
        (_sight(partial=["000003.npz.partial"]), 9, "weights half-written"),
        (_sight(unnamed=["000003.npz"]), 9, "weights without a line yet"),
        (_sight(JOURNAL + b"{}\n"), 9, "a later candidate's training"),
        (_sight(JOURNAL + 4 * b"{}\n"), 9, "all lines written"),
        (_sight(), 1, "start-up"),
        (_sight(), 6, "the first candidate's tracing and training"),
        (_sight(partial=["old"], unnamed=["older"]), 1, "start-up"),
    ],
)
def test_what_a_kill_met_is_told_by_what_is_new_in_the_folder(after, seconds, what) -> None:
    before = _sight(partial=["old"], unnamed=["older"])
    assert moments.met(before, after, seconds, PACE) == what


class Played:
    """A process that does one thing after another, whenever it is asked whether it has ended; then it has."""

    def __init__(self, *deeds) -> None:
        self._deeds = list(deeds)

    def poll(self) -> int | None:
        if not self._deeds:
            return 0
        self._deeds.pop(0)()
        return None


@pytest.mark.parametrize(
    ("event", "name", "content"),
    [
        ("line", "journal.jsonl", JOURNAL + b'{"id": 3}\n'),
        ("partial", "weights/000003.npz.partial", b""),
        ("unnamed", "weights/000003.npz", b""),
    ],
)
def test_a_moment_comes_after_its_event_and_not_without_it(tmp_path, event, name, content) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "journal.jsonl").write_bytes(JOURNAL)
    (tmp_path / "weights" / "000000.npz").touch()
    search, moment = Search(tmp_path), Moment(event, 0, lines=1)
    nothing, deed = (lambda: None), (lambda: (tmp_path / name).write_bytes(content))
    assert not moments.come(moment, Played(nothing, nothing), search)
    assert moments.come(moment, Played(nothing, deed, nothing, nothing), search)
    assert not moments.come(Moment("start", 0), Played(), search)


def test_moments_are_of_every_kind_and_the_same_for_a_seed() -> None:
    drawn = [moments.drawn(Random(1), PACE)] + [moments.drawn(rng, PACE) for rng in [Random(2)] * 200]
    assert {moment.event for moment in drawn} == {"start", "line", "partial", "unnamed"}
    assert drawn[1] == moments.drawn(Random(2), PACE)
    assert max(moment.seconds for moment in drawn) <= PACE.first_line


@pytest.mark.skipif(not processes.listed(), reason="reads /proc")
def test_a_process_that_outlives_its_group_is_found(monkeypatch) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        monkeypatch.setattr(processes, "GONE", 0)
        assert processes.left_behind(process.pid) == [f"process {process.pid} is still alive"]
        assert processes.workers(process.pid) == []
    monkeypatch.setattr(processes, "GONE", 30)
    assert processes.left_behind(process.pid) == []


def test_a_claim_holds_if_it_always_did_and_a_row_says_what_did_not() -> None:
    one = trial.Trial("flood", tries=2, seconds=3.4)
    assert one.holds("dry", [])
    assert one.holds("warm", [])
    assert not one.holds("dry", ["wet", "wet", "wet", "wet"])
    assert one.verdict == "1 claims do not hold"
    assert trial.cells(one) == ("flood", "2", "warm (1)", "dry: wet; wet; wet; and 1 more", "3")
    assert one.to_json()["broken"] == {"dry": ["wet"] * 4}


def test_what_could_not_be_tried_is_not_called_held(monkeypatch) -> None:
    monkeypatch.delenv(mounts.INSIDE, raising=False)
    for fault in (disks.full_disk, disks.full_disk_workers, disks.full_journal, disks.full_export):
        one = trial.Trial(fault.__name__)
        fault(None, one)
        assert one.refusal == mounts.NEEDS
        assert trial.cells(one)[2] == f"not tried: {mounts.NEEDS}"
        assert not one.claims
    monkeypatch.setattr("os.geteuid", lambda: 0)
    one = trial.Trial("read_only")
    disks.read_only(None, one)
    assert (one.refusal, one.claims) == (mounts.NEEDS, {})


def _flood(lab, trial) -> None:
    """Water."""
    trial.hit["a kitchen"] += 1
    trial.holds("dry", ["wet"])


def _drought(lab, trial) -> None:
    trial.holds("dry", [])


def _broken(lab, trial) -> None:
    raise FileNotFoundError("no water")


@pytest.mark.parametrize(
    ("names", "code", "broken"),
    [
        ("drought", 0, [{}]),
        ("flood,drought", 1, [{"dry": ["wet"]}, {}]),
        ("broken", 1, [{"the fault can be tried to its end": ["FileNotFoundError: no water\n"]}]),
    ],
)
def test_the_exit_code_says_whether_something_did_not_hold(
    monkeypatch, tmp_path, capsys, names, code, broken
) -> None:
    for name, fault in {"flood": _flood, "drought": _drought, "broken": _broken}.items():
        monkeypatch.setitem(faults.FAULTS, name, fault)
    monkeypatch.setattr(lab, "opened", lambda *_: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    report = tmp_path / "report.json"
    assert __main__.main([f"--faults={names}", f"--keep={tmp_path / 'kept'}", f"--json={report}"]) == code
    assert [one["broken"] for one in json.loads(report.read_text())] == broken
    assert ("kills of flood by what they met: a kitchen 1" in capsys.readouterr().out) == ("flood" in names)
    assert (tmp_path / "kept").is_dir()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--faults=full_disk,flood", "'flood' is not one of kills_alone, kills_parallel, full_disk"),
        ("--kills=1", "1 is not at least 2"),
        ("--keep=.", ". is there already"),
        ("--keep=/no/such/folder", "or would lie in a folder that is not"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_runs(capsys, argument, said) -> None:
    with pytest.raises(SystemExit) as refused:
        __main__.main([argument])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


KILLS_AND_DISKS = ("kills_alone", "kills_parallel", "full_disk", "full_journal", "torn_journal")


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> dict[str, dict]:
    """Every fault's trial, tried small: two processes try a half each."""
    folder = tmp_path_factory.mktemp("faults")
    others = [name for name in faults.FAULTS if name not in KILLS_AND_DISKS]
    running = []
    for names in (KILLS_AND_DISKS, others):
        report = folder / f"{names[0]}.json"
        arguments = ["--kills=4", f"--faults={','.join(names)}", f"--json={report}"]
        command = [sys.executable, "-m", "benchmarks.faults", *arguments]
        running.append((report, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)))
    for _, process in running:
        process.wait()
    found = [one for report, _ in running for one in json.loads(report.read_text())]
    return {one["fault"]: one for one in found}


@pytest.mark.slow
@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_search_survives(tried, name) -> None:
    found = tried[name]
    if found["refusal"]:
        pytest.skip(found["refusal"])
    assert found["broken"] == {}
    assert found["tries"] > 0
    assert all(found["held"].values())
    if name.startswith("kills"):
        assert found["tries"] == Counter(found["hit"]).total() == 2

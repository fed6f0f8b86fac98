"""The benchmark's own arithmetic: what engines are asked, and what their reports come to. No engine runs."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

_WHY = "benchmarks/ lies in a checkout only; run `python -m pytest` from its root"
candidates = pytest.importorskip("benchmarks.candidates", reason=_WHY)
engines = pytest.importorskip("benchmarks.engines", reason=_WHY)
inputs = pytest.importorskip("benchmarks.inputs", reason=_WHY)
report = pytest.importorskip("benchmarks.report", reason=_WHY)
results = pytest.importorskip("benchmarks.results", reason=_WHY)
soak = pytest.importorskip("benchmarks.soak", reason=_WHY)
step = pytest.importorskip("benchmarks.step", reason=_WHY)
task = pytest.importorskip("benchmarks.task", reason=_WHY)

TASK = task.Task(images=640, candidates=2)


def _report(seconds: float) -> dict:
    figures = {"fixed_seconds": 1.0, "step_seconds": 0.1, "warm_up_seconds": 0.0, "peak_mb": 100.0}
    return {
        "workers": 1,
        "candidates": 2,
        "seconds": seconds,
        "loss": 1.0,
        "accuracy": 0.5,
        **figures,
    }


@dataclass(frozen=True)
class Fake(engines.Engine):
    """An engine that runs nothing: it gives its reports in turn, an exception among them is raised."""

    turns: tuple = ()

    def run(self, task, workers):
        turn = next(self._left)
        if isinstance(turn, Exception):
            raise turn
        return turn

    def __post_init__(self) -> None:
        object.__setattr__(self, "_left", iter(self.turns))


def _fake(name: str, *turns, needs: tuple = ()) -> Fake:
    return Fake(name, name.title(), "plain_keras", needs, turns=turns)


def test_codes_are_repeatable_within_their_range_and_more_candidates_only_add_to_them() -> None:
    codes = task.Task(640, 6).codes()
    assert codes == task.Task(3000, 6).codes()
    assert codes[:2] == TASK.codes()
    assert codes != task.Task(640, 6, seed=1).codes()
    assert len(set(codes)) == 6
    for code in codes:
        assert 100_000 <= task.count(task.network_of(code)).params <= 430_000


def test_the_warm_up_is_on_another_code() -> None:
    assert TASK.warm_up_code() not in task.Task(640, 6).codes()


def test_images_repeat_where_the_dataset_has_too_few_and_are_whitened() -> None:
    train, evaluation = task.Task(6000, 1).arrays()
    assert train.images.shape == (6000, 28, 28, 1)
    assert evaluation.images.shape == (1000, 28, 28, 1)
    assert train.images.dtype == np.float32
    np.testing.assert_array_equal(train.images[5000:], train.images[:1000])
    assert abs(train.images.mean()) < 1e-3
    assert train.images.std() == pytest.approx(1, abs=1e-3)


def test_work_is_three_products_a_mult_add_in_training_and_one_in_evaluation() -> None:
    code = TASK.codes()[0]
    mult_adds = task.count(task.network_of(code)).mult_adds
    assert task.work(code, 500) == 2 * mult_adds * (3 * 500 + 1000)


def test_what_no_steady_step_explains_is_fixed() -> None:
    steps = [5.0, 6.0, 7.0, 7.5, 8.0]  # of 640 images, five full batches: half a second from the fourth on
    evaluation_steps = [10.0, 10.25, 10.5, 10.75]
    timed = report.timed(TASK, "code", 12.0, steps, evaluation_steps, 0.5, 0.8)
    assert timed.step_seconds == 0.5
    assert timed.fixed_seconds == 12.0 - 5 * 0.5 - 4 * 0.25


def test_a_smaller_last_batch_is_no_steady_step_and_counts_for_its_share() -> None:
    steps = [5.0, 6.0, 7.0, 7.5, 8.0, 8.1]
    timed = report.timed(task.Task(704, 1), "code", 12.0, steps, [10.0, 10.25], 0.5, 0.8)
    assert timed.step_seconds == 0.5
    assert timed.fixed_seconds == 12.0 - 5.5 * 0.5 - 4 * 0.25


def test_a_report_reads_back_from_the_last_line_with_its_means() -> None:
    evaluations = [
        report.Evaluation("a", 10.0, 0.1, 8.0, 1.0, 0.5),
        report.Evaluation("b", 12.0, 0.3, 9.0, 2.0, 0.7),
    ]
    line = report.Report("fake", 2, 22.0, 3.0, 400.0, evaluations).line()
    read = report.read(f"TensorFlow says something\n{line}\n")
    assert (read["candidates"], read["seconds"], read["peak_mb"]) == (2, 22.0, 400.0)
    assert (read["step_seconds"], read["fixed_seconds"]) == (pytest.approx(0.2), 8.5)
    assert [evaluation["code"] for evaluation in read["evaluations"]] == ["a", "b"]


def test_figures_are_medians_over_rounds_and_ratios_are_of_rates() -> None:
    compared = candidates.compare(
        [_fake("keras", _report(60.0), _report(40.0)), _fake("ours", _report(10.0), _report(10.0))],
        TASK,
        rounds=2,
        workers=2,
    )
    slow, fast = results.figures(compared, operations=5e12, peak_gflops=1000.0)
    assert (slow["candidates_per_hour"], slow["seconds_per_candidate"]) == (144.0, 25.0)
    assert (slow["ratio_to_keras"], fast["ratio_to_keras"]) == (1.0, 5.0)
    assert fast["ratio_to_pytorch"] is None
    assert fast["share_of_peak"] == 0.5
    assert results.cells(fast) == ("Ours", "5.00", "720", "1.00", "100", "100", "5.00", "-", "50.0%")
    json.dumps([slow, fast])


def test_an_engine_that_is_not_installed_is_a_row() -> None:
    compared = candidates.compare([_fake("pytorch", needs=("no_such_package",))], TASK, 2, 1)
    entries = results.figures(compared, 1e12, 100.0)
    assert results.cells(entries[0])[0] == "Pytorch: not installed"
    assert compared[0].failure is None


def test_an_engine_that_fails_is_a_row_with_its_last_line_and_the_others_go_on() -> None:
    failing = _fake("keras", _report(50.0), engines.EngineError("MemoryError: no more"))
    others = _fake("ours", *(_report(10.0) for _ in range(3)))
    compared = candidates.compare([failing, others], TASK, rounds=3, workers=1)
    entries = results.figures(compared, 1e12, 100.0)
    assert results.cells(entries[0])[0] == "Keras: MemoryError: no more"
    assert len(compared[0].reports) == 1
    assert len(compared[1].reports) == 3
    assert entries[1]["ratio_to_keras"] is None


def test_the_table_shows_every_engine(capsys) -> None:
    compared = candidates.compare([_fake("keras", _report(50.0)), _fake("ours", _report(10.0))], TASK, 1, 1)
    results.show("title", results.figures(compared, 1e12, 100.0))
    shown = capsys.readouterr().out
    assert "Keras" in shown
    assert "Ours" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--engines=keras,theano", "'theano' is not one of keras, keras_tuner, pytorch"),
        ("--images=100", "100 is not at least 512"),
        ("--json=/no/such/folder/r.json", "would lie in a folder that is not there"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_runs(capsys, arguments, said) -> None:
    with pytest.raises(SystemExit) as refused:
        candidates.main([arguments])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_a_soak_shows_what_a_candidate_takes_from_sample_to_sample_and_in_the_second_half(capsys) -> None:
    megabyte = 2**20
    samples = [
        soak.Sample(number, 2.0 * number, (500 + number) * megabyte, 700 * megabyte, 8, 5000 + number, 70)
        for number in (10, 30, 50)
    ]
    soak.show(samples)
    said = capsys.readouterr().out
    (row,) = (line for line in said.splitlines() if "│         50 │" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["50", "2.00", "550.0", "700.0", "8", "5", "0"]
    assert "from candidate 30 on, one more takes 1.000 MB in the main process and 0.000 MB" in said


def test_input_pipelines_are_compared_with_plain_reading_on_all_cores() -> None:
    by_cores = {1: {inputs.PLAIN: 100.0, "ours": 150.0}, 2: {inputs.PLAIN: 200.0, "ours": 250.0}}
    assert inputs.rows(by_cores) == [(inputs.PLAIN, "100", "200", "1.00"), ("ours", "150", "250", "1.25")]


def test_the_jpegs_of_the_input_benchmark_are_repeatable_and_of_two_classes(tmp_path) -> None:
    for name in ("one", "two"):
        inputs.make(tmp_path / name, 3)
    files = {
        name: [(path.parent.name, path.read_bytes()) for path in sorted((tmp_path / name).rglob("*.jpg"))]
        for name in ("one", "two")
    }
    assert files["one"] == files["two"]
    assert [label for label, _ in files["one"]] == ["a", "a", "b"]
    assert len({content for _, content in files["one"]}) == 3


def test_a_profile_is_told_by_kind_of_operation_without_what_only_holds_others() -> None:
    xplane_pb2 = pytest.importorskip("tensorflow.tsl.profiler.protobuf.xplane_pb2")
    space = xplane_pb2.XSpace()
    plane = space.planes.add(name=step.HOST)
    events = {
        "while/body/mul:_MklMatMul": 3,
        "while/cond:If": 5,
        "ExecutorState::Process": 9,
        "a/relu:Relu": 1,
    }
    for number, (name, seconds) in enumerate(events.items(), start=1):
        plane.event_metadata[number].name = name
        plane.lines.add().events.add(metadata_id=number, duration_ps=seconds * 10**12)
    other = space.planes.add(name="/host:metadata")
    other.lines.add().events.add(metadata_id=1, duration_ps=10**12)
    found = list(step.operations(space.SerializeToString()))
    assert found == [("MatMul", 3.0), ("Relu", 1.0)]

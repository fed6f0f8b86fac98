"""What an ablation says and draws, of outcomes that were made up."""

import csv
import math
from dataclasses import replace

import pytest

from eatnas_tf.reporting import verdict
from eatnas_tf.reporting.arms import Arm, Outcome, Point
from eatnas_tf.reporting.verdict import Estimate

EAT, SCRATCH, LONGER, BASIC = (Arm(name, "") for name in ("eat", "scratch", "longer", "basic"))
CYCLES = 3


def _outcome(arm: Arm, seed: int, top1: float, cycles: int) -> Outcome:
    points = tuple(
        Point(cycle, 2 + cycle, 100 * cycle, 0.1 * cycle + 0.01 * seed, 10, 20 + seed, 0.5)
        for cycle in range(cycles + 1)
    )
    return Outcome(arm, seed, "sep_k3_s1_w1.0_d1", 10, 20, top1, 2 + cycles, 1000, 7.5, points)


OUTCOMES = [
    _outcome(EAT, 0, 0.50, CYCLES),
    _outcome(EAT, 1, 0.54, CYCLES),
    _outcome(SCRATCH, 0, 0.48, CYCLES),
    _outcome(SCRATCH, 1, 0.53, CYCLES),
    _outcome(LONGER, 0, 0.51, 2 * CYCLES),
    _outcome(LONGER, 1, 0.50, 2 * CYCLES),
    replace(_outcome(BASIC, 0, 0.40, 0), points=()),
    replace(_outcome(BASIC, 1, 0.44, 0), points=()),
]


def test_an_estimate_is_the_mean_with_its_standard_error() -> None:
    assert Estimate.of([1.0, 2.0, 3.0, 4.0]) == (2.5, pytest.approx(math.sqrt(5 / 3 / 4)))
    assert Estimate.of([0.5]) == (0.5, None)
    assert Estimate.of([0.5]).percent() == "50.00"
    assert Estimate.of([0.5, 0.52]).percent() == "51.00 ± 1.00"


@pytest.mark.parametrize(
    ("rival", "said"),
    [
        (SCRATCH, "eat against scratch: +1.50 ± 0.50 points; more than two standard errors"),
        (LONGER, "eat against longer: +1.50 ± 2.50 points; within two standard errors: no difference shown"),
        (BASIC, "eat against basic: +10.00 ± 0.00 points; more than two standard errors"),
    ],
)
def test_arms_are_compared_seed_by_seed(rival, said) -> None:
    assert verdict.compared(OUTCOMES, EAT, rival) == said


def test_of_one_seed_nothing_is_concluded() -> None:
    first = [one for one in OUTCOMES if one.seed == 0]
    assert (
        verdict.compared(first, EAT, SCRATCH)
        == "eat against scratch: +2.00 points, of one seed: that may be chance"
    )


def test_the_table_has_a_row_an_arm_and_a_verdict_for_each_but_the_first(tmp_path, capsys) -> None:
    verdict.show(OUTCOMES, tmp_path)
    said = capsys.readouterr().out
    assert "mean ± standard error of 2 seeds" in said
    assert " 52.00 ± 2.00 " in next(line for line in said.splitlines() if " eat " in line)
    assert said.count("eat against") == 3


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation") / "results"
    verdict.write(folder, OUTCOMES, CYCLES)
    return folder


def test_files_hold_every_point_and_every_outcome(written) -> None:
    with (written / "curves.csv").open() as file:
        curves = list(csv.DictReader(file))
    assert len(curves) == sum(len(one.points) for one in OUTCOMES)
    last = curves[-1]
    assert (last["arm"], last["seed"], last["cycle"], last["images"]) == ("longer", "1", "6", "600")
    assert float(last["mean_accuracy"]) == 0.1 * 6 + 0.01
    with (written / "verdict.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], int(row["seed"]), float(row["top1"])) for row in rows] == [
        (one.arm.name, one.seed, one.top1) for one in OUTCOMES
    ]


def test_a_picture_is_there_of_each(written) -> None:
    names = {"mean_accuracy", "mean_mult_adds", "quality", "equal_cost", "test_accuracy"}
    assert {file.stem for file in written.glob("*.png")} == names
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in written.glob("*.png"))


@pytest.fixture(scope="module")
def figures():
    from eatnas_tf.reporting.figures import curves

    return curves.of_ablation(OUTCOMES, CYCLES)


def test_a_curve_goes_through_the_means_in_a_band_over_the_seeds(figures) -> None:
    (axes,) = figures["mean_accuracy"].axes
    line = next(line for line in axes.lines if line.get_label() == "eat")
    assert list(line.get_xdata()) == [0, 1, 2, 3]
    assert list(line.get_ydata()) == pytest.approx([0.5, 10.5, 20.5, 30.5])
    (low, high) = (
        extreme([y for _, y in axes.collections[0].get_paths()[0].vertices]) for extreme in (min, max)
    )
    assert (low, high) == pytest.approx((0, 31))


def test_by_cycle_only_equal_budgets_are_compared_and_by_cost_all(figures) -> None:
    drawn = {name: {line.get_label() for line in figure.axes[0].lines} for name, figure in figures.items()}
    assert drawn["mean_accuracy"] == drawn["mean_mult_adds"] == drawn["quality"] == {"eat", "scratch"}
    assert drawn["equal_cost"] == {"eat", "scratch", "longer"}


def test_the_test_has_a_row_an_arm_with_a_dot_a_seed(figures) -> None:
    (axes,) = figures["test_accuracy"].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["eat", "scratch", "longer", "basic"]
    assert list(axes.lines[0].get_xdata()) == [50, 54]
    assert list(axes.lines[1].get_xdata()) == [52]
    assert axes.yaxis_inverted()

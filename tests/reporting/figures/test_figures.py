"""Pictures of a search: what is on them, and that nothing on them lies on anything else."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from eatnas_tf.layers import Frame, conv_ops
from eatnas_tf.layers.counting import count
from eatnas_tf.layers.expand import expand
from eatnas_tf.reporting.ancestry import ancestry
from eatnas_tf.reporting.figures import drawing, front, lineage, occupancy
from eatnas_tf.searches import Candidate, Individual, Measurement
from eatnas_tf.space import STANDARD, Architecture, Change, Primitive

TWENTY = "-".join(["mb6_k3_s1_w1.0_d2", "sep_k5_s0_w1.5_d4", "mb3_k7_s1_w0.5_d1", "mb1_k3_s1_w1.0_d1"] * 5)
ODD = "$x_1$ \x1b[31m<b>&\n"  # mathtext, an escape, markup, a line's end


def _texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def _overlaps(figure, least: float = 1.0) -> list[tuple[str, str]]:
    """Pairs of visible texts whose bounding boxes share more than `least` pixels each way."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    placed = [(one.get_text(), one.get_window_extent(canvas.get_renderer())) for one in texts]
    return [
        (first, second)
        for (first, one), (second, other) in itertools.combinations(placed, 2)
        if first.strip()
        and second.strip()
        and min(one.x1, other.x1) - max(one.x0, other.x0) > least
        and min(one.y1, other.y1) - max(one.y0, other.y0) > least
    ]


def _outside(figure) -> list[str]:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    texts = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [
        one.get_text()
        for one in texts
        if one.get_text().strip()
        and not (
            (box := one.get_window_extent(canvas.get_renderer())).x0 >= -1
            and box.y0 >= -1
            and box.x1 <= width + 1
            and box.y1 <= height + 1
        )
    ]


@pytest.mark.parametrize(("population", "cycles"), [(8, 0), (64, 1436)])
def test_the_front_shows_every_candidate_once_and_the_best(made_up, population, cycles) -> None:
    search = made_up(population, cycles)
    told, alive = list(search.told.values()), {one.id for one in search.population.individuals}
    figure = front.of_candidates(told, alive, "params")
    (axes,) = figure.axes
    drawn = np.concatenate([dots.get_offsets() for dots in axes.collections])
    sizes = np.array([one.measurement.size for one in told if one.measurement.accuracy])
    assert len(drawn) == len(sizes)
    assert np.allclose(np.sort(drawn[:, 0]), np.sort(sizes) / 1e6)
    assert any(text.startswith(f"{search.best.id}: score") for text in _texts(figure))
    failed = len(told) - len(sizes)
    assert axes.get_xlabel() == "params (millions)" + (
        f"; {failed} without an accuracy are not shown" if failed else ""
    )
    assert axes.get_ylabel() == "validation accuracy (%)"


def test_a_front_of_nothing_but_failures_is_an_empty_picture_that_says_so() -> None:
    code = Architecture.parse("sep_k3_s1_w1.0_d1")
    failed = Individual(Candidate(0, code), Measurement(0.0, 10), 0.0, 0)
    figure = front.of_candidates([failed], {0}, ODD)
    FigureCanvasAgg(figure).draw()
    assert r"$x-1$ \x1b[31m<b>&\n; 1 without an accuracy are not shown" in _texts(figure)


@pytest.mark.parametrize(("population", "cycles"), [(8, 0), (64, 1436)])
def test_occupancys_numbers_add_up_to_the_population_in_every_block(made_up, population, cycles) -> None:
    alive = [one.architecture for one in made_up(population, cycles).population.individuals]
    figure = occupancy.of_population(alive, STANDARD)
    maps = [image.get_array() for image in figure.axes[0].images]
    assert [cells.shape for cells in maps] == [(len(one.choices), 7) for one in STANDARD]
    for cells in maps:
        np.testing.assert_allclose(cells.sum(axis=0), 100)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [one.text(value) for one in STANDARD for value in one.choices]
    assert not _overlaps(figure)
    assert not _outside(figure)


def test_occupancy_shows_a_plugins_primitive_and_its_default() -> None:
    act = Primitive("activation_of_mine", "a", ("relu", "a.very.long.name"), default="relu")
    codes = [
        Architecture.parse(f"sep_k3_s1_w1.0_d1{end}", (*STANDARD, act)) for end in ("", "_aa.very.long.name")
    ]
    figure = occupancy.of_population(codes, (*STANDARD, act))
    assert figure.axes[0].images[-1].get_array().tolist() == [[50.0], [50.0]]
    assert {"activatio…", "a.very.…"} <= set(_texts(figure))
    assert not _overlaps(figure)
    assert not _outside(figure)


@pytest.mark.parametrize("perturbation", ["every_block", "one_block", "random"])
def test_a_lineage_names_every_change_and_what_it_brought(made_up, perturbation) -> None:
    search = made_up(16, 300, perturbation)
    line = ancestry(search.best, search.told)
    figure = lineage.of_line(line)
    texts = _texts(figure)
    for parent, child in itertools.pairwise(line):
        assert f"{child.score:.4f}  {child.score - parent.score:+.4f}" in texts
    kernels = [c for one in line for c in one.candidate.mutated if c.primitive == "kernel"]
    for change in kernels:
        assert f"kernel {change.old}→{change.new}" in texts
    assert not _overlaps(figure)
    assert not _outside(figure)


def test_of_an_endless_lineage_the_last_generations_are_shown(made_up) -> None:
    search = made_up(8, 0)
    founder = search.best
    line = [founder]
    for number in range(100, 160):
        change = Change(7, "activation", None, "a.very.long.name")
        candidate = replace(founder.candidate, id=number, parent=line[-1].id, mutated=(change,))
        line.append(replace(founder, candidate=candidate, score=founder.score + number / 1e4))
    figure = lineage.of_line(line)
    assert figure.axes[0].get_title() == "generations, the last 40 of 61"
    assert len(figure.axes[0].lines[0].get_xdata()) == 40
    assert "activ… –→a.v…" in _texts(figure)
    assert not _overlaps(figure)
    assert not _outside(figure)


def _frame(strides) -> Frame:
    return Frame(64, 3, 1000, 32, 2, strides, 1280)


def test_a_drawing_names_op_kernel_layers_width_skip_size_and_totals_of_a_network(made_up, frame) -> None:
    architecture = Architecture.parse("-".join(["mb6_k5_s1_w1.5_d2", *["sep_k3_s0_w1.0_d1"] * 6]))
    texts = _texts(drawing.of_architecture(architecture, frame, "best"))
    counted = count(expand(architecture, frame))
    assert {"best", f"{counted.params:,} params, {counted.mult_adds:,} mult-adds"} <= set(texts)
    assert {"mb6", "5×5", "2 layers", "48 wide", "skip", "sep", "3×3", "1 layer", "no skip"} <= set(texts)
    assert {"block 1", "block 7", "32×32", "16×16", "8×8", "/2", "10 classes"} <= set(texts)


@pytest.mark.parametrize("code", [TWENTY, "sep_k3_s1_w1.0_d1", "mb6_k999_s1_w30000.0_d999"])
def test_no_text_of_a_drawing_lies_on_another(code) -> None:
    architecture = Architecture.parse(code)
    figure = drawing.of_architecture(architecture, _frame((2, *[1] * (len(architecture) - 1))), ODD)
    assert r"$x_1$ \x1b[31m<b>&\n" in " ".join(_texts(figure))
    assert not _overlaps(figure)
    assert not _outside(figure)


def test_a_drawing_has_plugins_operations_and_primitives_cut_to_their_box(monkeypatch) -> None:
    found = conv_ops.find
    named = {"an.operation.of.mine": conv_ops.separable}
    monkeypatch.setattr(conv_ops, "find", lambda name: named.get(name) or found(name))
    plugins = (*STANDARD, Primitive("activation", "a", ("relu", "hard.swish.of.mine"), default="relu"))
    code = "an.operation.of.mine_k3_s1_w1.0_d1_ahard.swish.of.mine-sep_k3_s1_w1.0_d1"
    architecture = Architecture.parse(code, plugins)
    figure = drawing.of_architecture(architecture, _frame((1, 1)), "best")
    assert {"an.operation…", "activ… hard.…"} <= set(_texts(figure))
    assert not _overlaps(figure)
    assert not _outside(figure)


def test_basic_beside_final_marks_what_differs_in_both_and_nothing_else(frame) -> None:
    basic = Architecture.parse("-".join(["mb6_k5_s1_w1.5_d2", *["sep_k3_s0_w1.0_d1"] * 6]))
    final = basic.replace(0, kernel=7).replace(6, skip=1, conv="mb3")
    figure = drawing.compared(basic, final, (frame, Frame()), ("basic", "final"))
    marked = [text.get_text() for text in figure.axes[0].texts if text.get_bbox_patch() is not None]
    assert sorted(marked) == sorted(["5×5", "7×7", "no skip", "skip", "sep", "mb3"])
    assert not _overlaps(figure)
    assert not _outside(figure)


def test_blocks_that_only_one_of_two_networks_has_are_marked_whole() -> None:
    short, long = (Architecture.parse("-".join(["sep_k3_s0_w1.0_d1"] * blocks)) for blocks in (2, 3))
    figure = drawing.compared(short, long, (_frame((1, 1)), _frame((1, 1, 1))), ("short", "long"))
    marked = [text.get_text() for text in figure.axes[0].texts if text.get_bbox_patch() is not None]
    assert marked == ["sep", "3×3", "1 layer", "32 wide", "no skip"]

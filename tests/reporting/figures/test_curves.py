"""Curves of populations, against NumPy."""

import numpy as np
import pytest

from eatnas_tf.reporting.figures import curves
from eatnas_tf.searches import Ledger, Score

POPULATION = 8


@pytest.fixture
def told(made_up):
    """The moments of a search by seed and number of cycles."""

    def call(seed: int, cycles: int = 20) -> list:
        found = made_up(POPULATION, cycles, seed=seed)
        return list(Ledger(POPULATION, Score(3e6)).replay(found.told.values()))

    return call


def _lines(figure) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {line.get_label(): line.get_data() for line in figure.axes[0].lines}


def _band(figure, place: int) -> np.ndarray:
    """The corners of a band."""
    return figure.axes[0].collections[place].get_paths()[0].vertices


def test_the_curves_of_a_search_are_its_populations_numbers(told) -> None:
    found = told(0)
    figures = curves.of_search(found, "mult_adds")
    scores = np.array([moment.population.scores for moment in found])
    lines = _lines(figures["score"])
    for name, values in (("best", scores.max(1)), ("mean", scores.mean(1)), ("worst", scores.min(1))):
        np.testing.assert_allclose(lines[name][1], values, rtol=1e-12)
    for name, value in (("accuracy", "accuracy"), ("size", "size")):
        measured = [[getattr(one.measurement, value) for one in m.population.individuals] for m in found]
        (line,) = figures[name].axes[0].lines
        factor = 100 if name == "accuracy" else 1
        np.testing.assert_allclose(line.get_data()[1], factor * np.mean(measured, 1), rtol=1e-12)
    (line,) = figures["quality"].axes[0].lines
    np.testing.assert_allclose(line.get_data(), [[m.evaluations for m in found], [m.quality for m in found]])
    assert figures["size"].axes[0].get_ylabel() == "mean mult-adds of the population"


def test_several_searches_are_a_mean_in_a_band_that_ends_with_the_first_of_them(told) -> None:
    group, other = [told(0, 20), told(1, 12), told(2, 16)], [told(3, 5)]
    figure = curves.of_searches({"a": group, "b": other}, "params")["quality"]
    qualities = np.array([[moment.quality for moment in one][:13] for one in group])
    lines, places = _lines(figure), np.arange(POPULATION, POPULATION + 13)
    np.testing.assert_allclose(lines["a"], [places, qualities.mean(0)], rtol=1e-12)
    corners = {tuple(corner) for corner in _band(figure, 0).tolist()}
    for edge in (qualities.min(0), qualities.max(0)):
        assert {*zip(places.tolist(), edge.tolist(), strict=True)} <= corners
    assert len(lines["b"][0]) == 6
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_before_there_is_a_population_pictures_are_empty_and_one_moment_is_a_dot(told) -> None:
    for figure in curves.of_search([], "params").values():
        assert not figure.axes[0].lines
        assert not figure.legends
    (line,) = curves.of_search(told(0, 0), "params")["quality"].axes[0].lines
    assert line.get_marker() == "o"


def test_a_groups_name_is_no_formula_and_no_longer_than_the_picture(told) -> None:
    name = r"dataset=$\alpha$" + "x" * 200
    figure = curves.of_searches({name: [told(0)], "b": [told(1)]}, "params")["quality"]
    text = figure.legends[0].get_texts()[0]
    assert text.get_text() == f"{name[:79]}…"
    assert not text.get_parse_math()

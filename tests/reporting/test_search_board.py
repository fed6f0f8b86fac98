"""What a search shows in TensorBoard follows from its candidates alone."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import logging
from PIL import Image

from eatnas_tf.layers import count, expand
from eatnas_tf.searches import Ledger, Score
from eatnas_tf.space import STANDARD

POPULATION = 8


@pytest.fixture
def board(strategy, tmp_path, frame):
    """A new board in `tmp_path / name`."""
    from eatnas_tf.reporting.search_board import SearchBoard, Subject

    def new(name: str, every: int = 0, **changes):
        given = {
            "primitives": STANDARD,
            "ledger": Ledger(POPULATION, Score(3e6)),
            "objective": "params",
            "frame": frame,
            "network": lambda architecture: expand(architecture, frame),
            "settings": {"dataset": "npz:a|b_<i>*.npz", "layers": None, "strides": [1, 2]},
            "top_k": 3,
            **changes,
        }
        return SearchBoard(tmp_path / name, tmp_path / f"{name}-trials", Subject(**given), every)

    return new


@pytest.fixture
def search(made_up):
    return made_up(POPULATION, 40)


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """Warnings."""
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda message, *given: lines.append(message % given))
    return lines


def _read(folder) -> dict[str, list]:
    """(step, plugin, content) of every event by tag."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), {"tensors": 0}).Reload()
    return {
        tag: [
            (one.step, found.SummaryMetadata(tag).plugin_data.plugin_name, one.tensor_proto)
            for one in found.Tensors(tag)
        ]
        for tag in found.Tags()["tensors"]
    }


def _curve(events, tag: str) -> list[tuple[int, float]]:
    return [(step, tensor.float_val[0]) for step, _, tensor in events[tag]]


def _shown(board, search, every: int = 0, name: str = "whole", until: int | None = None):
    told = list(search.told.values())[:until]
    new = board(name, every)
    for one in told:
        new.add(one)
    return new


def test_curves_have_evaluations_as_steps_and_begin_with_the_whole_population(
    board, search, tmp_path, frame
) -> None:
    _shown(board, search)
    events, told = _read(tmp_path / "whole"), list(search.told.values())
    steps = list(range(POPULATION, len(told) + 1))
    alive = search.population.individuals
    counted = [count(expand(one.architecture, frame)) for one in alive]
    scores = [one.score for one in alive]
    ends = {
        "population/quality": search.quality,
        "population/score_mean": np.mean(scores),
        "population/score_best": max(scores),
        "population/score_worst": min(scores),
        "population/score_std": np.std(scores),
        "population/accuracy_mean": np.mean([one.measurement.accuracy for one in alive]),
        "population/params_mean": np.mean([one.params for one in counted]),
        "population/mult_adds_mean": np.mean([one.mult_adds for one in counted]),
        "population/distinct_codes": POPULATION,
    }
    for tag, value in ends.items():
        curve = _curve(events, tag)
        assert [step for step, _ in curve] == steps
        assert curve[-1][1] == pytest.approx(value, rel=1e-6)
    assert {f"population/entropy_{one.name}" for one in STANDARD} <= set(events)
    assert [step for step, _ in _curve(events, "search/score")] == list(range(1, len(told) + 1))
    assert _curve(events, "search/best_score_ever")[-1][1] == pytest.approx(search.best.score, rel=1e-6)


def test_the_histogram_holds_every_score_of_the_population(board, search, tmp_path) -> None:
    _shown(board, search)
    histograms = _read(tmp_path / "whole")["population/scores"]
    assert [step for step, _, _ in histograms] == list(range(POPULATION, len(search.told) + 1))
    for _, plugin, tensor in histograms:
        buckets = np.frombuffer(tensor.tensor_content).reshape(-1, 3)
        assert plugin == "histograms"
        assert buckets[:, 2].sum() == POPULATION


def test_what_a_mutation_brought_stands_with_all_and_with_every_primitive_that_it_changed(
    board, search, tmp_path
) -> None:
    _shown(board, search)
    events, told = _read(tmp_path / "whole"), list(search.told.values())
    expected = {}
    for step, one in enumerate(told, start=1):
        if one.candidate.parent is not None:
            gain = one.score - search.told[one.candidate.parent].score
            expected.setdefault("search/gain", []).append((step, gain))
            for name in {change.primitive for change in one.candidate.mutated}:
                expected.setdefault(f"search/gain_{name}", []).append((step, gain))
    assert len(expected) == 1 + len(STANDARD)
    for tag, points in expected.items():
        assert _curve(events, tag) == pytest.approx([pytest.approx(point, rel=1e-5) for point in points])


def test_a_search_that_goes_on_shows_what_an_uninterrupted_one_does(board, search, tmp_path) -> None:
    _shown(board, search, every=10).close()
    _shown(board, search, every=10, name="cut", until=25)
    told = list(search.told.values())
    again = board("cut", every=10)
    again.resume(told[:25])
    for one in told[25:]:
        again.add(one)
    again.close()
    assert _read(tmp_path / "cut") == _read(tmp_path / "whole")
    cut, whole = (
        {path.name for path in (tmp_path / f"{name}-trials").glob("0*")} for name in ("cut", "whole")
    )
    assert cut == whole
    assert len(cut) == len(told)


@pytest.mark.parametrize(("every", "steps"), [(0, [48]), (20, [20, 40, 48]), (16, [16, 32, 48])])
def test_pictures_come_every_so_many_evaluations_and_at_the_end_once(
    board, search, tmp_path, every, steps
) -> None:
    basic = search.told[0].architecture
    new = board("whole", every, basic=(basic, board("other")._subject.frame))
    for one in search.told.values():
        new.add(one)
    new.close()
    new.close()
    events = _read(tmp_path / "whole")
    names = ("front", "occupancy", "lineage", "best", "basic_and_best")
    assert {tag for tag in events if tag.startswith("pictures/")} == {f"pictures/{name}" for name in names}
    for name in names:
        assert [step for step, _, _ in events[f"pictures/{name}"]] == steps
        _, plugin, tensor = events[f"pictures/{name}"][-1]
        width, height, png = tensor.string_val
        assert plugin == "images"
        assert Image.open(io.BytesIO(png)).size == (int(width), int(height))
        assert 300 < int(width) < 1200
    assert [step for step, _, _ in events["best_of_best_population"]] == steps


@pytest.mark.filterwarnings("ignore:html5lib's sanitizer:DeprecationWarning")  # TensorBoard's
def test_settings_and_the_best_codes_are_tables_in_which_names_are_no_markup(board, search, tmp_path) -> None:
    from tensorboard.plugin_util import markdown_to_safe_html

    new = _shown(board, search)
    new.close()
    events = _read(tmp_path / "whole")
    ((step, plugin, settings),) = events["settings"]
    cells = [one.decode() for one in settings.string_val]
    assert (step, plugin) == (0, "text")
    assert [markdown_to_safe_html(one) for one in cells] == [
        "<pre><code>flag\n</code></pre>",
        "<pre><code>value\n</code></pre>",
        "<p>--dataset</p>",
        "<p>npz:a|b_&lt;i&gt;*.npz</p>",
        "<p>--strides</p>",
        "<pre><code>1,2\n</code></pre>",
    ]
    ((_, _, best),) = events["best_of_best_population"]
    rows = np.array([one.decode() for one in best.string_val]).reshape(4, 6)
    ranking = sorted(search.peak.population.individuals, key=lambda one: -one.score)[:3]
    assert [markdown_to_safe_html(code) for code in rows[1:, 5]] == [
        f"<p><code>{one.architecture}</code></p>" for one in ranking
    ]
    assert [markdown_to_safe_html(one) for one in rows[1, :3]] == [
        "<pre><code>1\n</code></pre>",
        f"<pre><code>{ranking[0].id}\n</code></pre>",
        f"<pre><code>{ranking[0].score:.4f}\n</code></pre>",
    ]


def test_whatever_goes_wrong_in_drawing_is_said_once_and_curves_go_on(
    board, search, tmp_path, said, monkeypatch
) -> None:
    from matplotlib.figure import Figure

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no font\nat all")

    monkeypatch.setattr(Figure, "savefig", refuse)
    _shown(board, search, every=10).close()
    assert said == ["TensorBoard: cannot draw (RuntimeError: no font); the run goes on without"]
    events = _read(tmp_path / "whole")
    assert len(_curve(events, "search/score")) == len(search.told)
    assert not [tag for tag in events if tag.startswith("pictures/")]
    assert [step for step, _, _ in events["best_of_best_population"]] == [10, 20, 30, 40, 48]


def test_a_full_disk_is_said_once_for_curves_pictures_and_trials_together(
    board, search, said, monkeypatch
) -> None:
    new, told = board("whole", every=10), list(search.told.values())
    new.add(told[0])

    def refuse(path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    for one in told[1:]:
        new.add(one)
    new.close()
    (warning,) = said
    assert warning.startswith("TensorBoard: cannot write ([Errno 28] No space left on device: ")


def test_a_board_loads_no_matplotlib_before_it_draws_and_takes_no_device(tmp_path) -> None:
    script = (
        "import sys\nfrom eatnas_tf.reporting import search_board, hparams\n"
        "print('matplotlib' in sys.modules)\nfrom tensorflow.python.eager import context\n"
        "print(context.context()._initialized)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nFalse\n"

"""TensorBoard over finished runs: every dashboard shows what it should, and the console has no error."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
FRAME = (
    *("--dataset=fashion_mnist_mini", "--train_examples=300", "--image_size=14", "--strides=2,2"),
    *("--stem_filters=4", "--head_filters=8", "--batch_size=64", "--epochs=2"),
)
SEARCH = (
    *("--blocks=2", "--depth_choices=1,2", "--population=4", "--sample=2", "--cycles=6", "--target=1000"),
    *("--top_k=2", "--workers=1", "--pictures_every=5"),
)
# Visible text of the page, through the shadow roots that TensorBoard's dashboards are made of.
TEXT = """
const found = [];
(function walk(node) {
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) found.push(node.textContent.trim());
    if (['STYLE', 'SCRIPT', 'NOSCRIPT', 'DOM-MODULE', 'TEMPLATE'].includes(node.nodeName)) return;
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
})(document.body);
return found.join('\\n');
"""
IMAGES = """
const found = [];
(function walk(node) {
    if (node.nodeName === 'IMG' && node.naturalWidth) found.push([node.naturalWidth, node.naturalHeight]);
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
})(document.body);
return found;
"""
PATHS = """
let found = 0;
(function walk(node) {
    if (node.nodeName === 'path' && (node.getAttribute('d') || '').includes('L')) found += 1;
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
})(document.body);
return found;
"""


def _clicking(label: str) -> str:
    """A script that clicks on what has this text."""
    return f"""
    (function walk(node) {{
        if (node.nodeType === Node.TEXT_NODE && node.textContent.trim().toLowerCase() === {label.lower()!r})
            node.parentElement.click();
        if (node.shadowRoot) walk(node.shadowRoot);
        node.childNodes.forEach(walk);
    }})(document.body);
    """


class Served:
    """A TensorBoard server over a log folder."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tensorboard.main", f"--logdir={folder}", "--port=0"]
        self.process = subprocess.Popen(
            [*command, "--host=localhost", "--load_fast=false", "--reload_interval=1"],
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = iter(self.process.stderr.readline, "")
        self.address = next(
            found[0] for line in lines if (found := re.search(r"http://localhost:\d+/", line))
        )

    def runs(self) -> set[str]:
        with urllib.request.urlopen(f"{self.address}data/runs") as answer:
            return set(json.load(answer))

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate()


@pytest.fixture(scope="module")
def served():
    """Serves log folders until the module's tests are over."""
    servers = []

    def serve(folder: Path) -> Served:
        servers.append(Served(folder))
        return servers[-1]

    yield serve
    for server in servers:
        server.end()


def _seen(page, *words: str) -> str:
    """The page's text, once all the words are in it."""
    wanted = "".join(f"text.includes({word!r}) && " for word in words)
    script = f"const text = (() => {{{TEXT}}})(); return {wanted}text"
    return page.wait(script, 60)


@pytest.fixture(scope="module")
def finished(chromium, tmp_path_factory) -> Path:
    """The folders of a tiny search, `a`, and of the retraining of its best, `b`."""
    root = tmp_path_factory.mktemp("finished")
    for name, *flags in (
        ("search", *SEARCH, "--workdir=a"),
        ("retrain", "--from=a", "--workdir=b", "--top_k=1"),
    ):
        command = [sys.executable, "-m", f"eatnas_tf.bin.{name}", *FRAME, *flags]
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture(scope="module")
def curves(served, finished) -> Served:
    return served(finished / "a" / "tensorboard")


@pytest.fixture(scope="module")
def trials(served, finished) -> Served:
    return served(finished / "a" / "hparams")


@pytest.fixture(scope="module")
def retrained(served, finished) -> Served:
    return served(finished / "b" / "tensorboard")


def _ranking(finished: Path) -> list[dict]:
    return json.loads((finished / "a" / "best.json").read_text())["ranking"]


def test_scalars_are_grouped_and_one_run_is_all_that_there_is_to_select(page, curves) -> None:
    page.open(f"{curves.address}#scalars")
    _seen(page, "population/quality", "population/entropy_conv", "population/score_mean", "search/")
    assert curves.runs() == {"."}
    assert page.errors() == []


def test_images_are_the_pictures_of_the_search(page, curves) -> None:
    page.open(f"{curves.address}#images")
    _seen(page, *(f"pictures/{name}" for name in ("front", "occupancy", "lineage", "best")))
    shown = page.wait(f"const found = (() => {{{IMAGES}}})(); return found.length >= 4 && found", 60)
    assert all(width > 300 and height > 60 for width, height in shown)
    assert page.errors() == []


def test_text_is_the_settings_and_the_best_codes(page, curves, finished) -> None:
    page.open(f"{curves.address}#text")
    text = _seen(page, "settings", "--dataset", "fashion_mnist_mini", "architecture")
    for one in _ranking(finished)[:2]:
        assert one["architecture"] in text
        assert f"{one['score']:.4f}" in text
    assert page.errors() == []


def test_histograms_are_the_scores(page, curves) -> None:
    page.open(f"{curves.address}#histograms")
    _seen(page, "population/scores")
    assert page.errors() == []


def _candidates(page, trials, ids: set[str]) -> list[str]:
    """The lines of the HParams page when all candidates are in its table: the server reads run after run."""
    ends, number = time.monotonic() + 90, 0
    while True:
        page.open(f"{trials.address}?try={number}#hparams")
        text = _seen(
            page, "Trial ID", "expansion", "layers", "mult_adds", "params", "parent", "block2_width", "score"
        )
        lines, number = text.split("\n"), number + 1
        if ids <= set(lines):
            return lines
        assert time.monotonic() < ends, ids - set(lines)


def test_hparams_are_a_table_of_candidates_and_parallel_coordinates(page, trials) -> None:
    lines = _candidates(page, trials, {f"{number:06d}" for number in range(10)})
    assert any("block1_conv" in line for line in lines)
    assert not {"None", "null", "undefined", "NaN"} & set(lines)
    page.run(_clicking("Parallel Coordinates View"))
    page.wait(f"return (() => {{{PATHS}}})() >= 10", 60)
    assert page.errors() == []


@pytest.mark.parametrize("dashboard", ["scalars", "images", "text"])
def test_a_retraining_has_curves_augmented_images_and_no_text(page, retrained, dashboard) -> None:
    page.open(f"{retrained.address}#{dashboard}")
    if dashboard == "scalars":
        _seen(page, "train/loss", "train/accuracy", "train/learning_rate", "network1")
    if dashboard == "images":
        _seen(page, "augmented", "network1")
    assert page.errors() == []


def test_a_retraining_has_its_networks_graph_by_block(page, retrained) -> None:
    page.open(f"{retrained.address}#graphs")
    _seen(page, "stem", "block1", "block2", "head")
    assert page.errors() == []


def test_a_dark_tensorboard_shows_the_same_pictures(page, curves) -> None:
    page.open(f"{curves.address}?darkMode=true#images")
    page.wait(f"const found = (() => {{{IMAGES}}})(); return found.length >= 4", 60)
    assert page.run("return document.body.classList.contains('dark-mode')")
    assert page.errors() == []

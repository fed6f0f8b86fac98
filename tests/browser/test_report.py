"""Reports in a real browser: everything is shown, sorted, searched and saved without asking anybody."""

import base64
import io

import pytest
from PIL import Image

from eatnas_tf.configs import TransferConfig
from eatnas_tf.stages import report

LARGE = 1500
PICTURES = 8  # four curves, front, values, line and drawing of the winner
CONTRAST = 4.5  # of text: WCAG 2.1, level AA


@pytest.fixture(scope="module", params=[8, LARGE])
def written(request, folders_in, tmp_path_factory):
    """A report of so many candidates: how many, and its file."""
    folders = folders_in(tmp_path_factory.mktemp("reports"))
    population = 64 if request.param == LARGE else 4
    config = folders.config(population=population, cycles=request.param - population)
    return request.param, report.run([str(folders.search("run", config))], None)


@pytest.fixture
def shown(page, written):
    """The report in the browser, and how many candidates it has."""
    count, path = written
    page.open(path.as_uri())
    page.wait("return document.querySelector('.dt-info') !== null")
    return page, count


def _column(page, name: str) -> list[str]:
    """The cells of a column that are on the screen."""
    return page.run(
        """
        const names = [...document.querySelectorAll("table.large thead th")].map(head => head.textContent);
        const place = names.indexOf(arguments[0]);
        return [...document.querySelectorAll("table.large tbody tr")].map(row => row.cells[place].textContent)
        """,
        name,
    )


def _click(page, name: str) -> None:
    page.run(
        """
        const heads = [...document.querySelectorAll("table.large thead th")];
        heads.find(head => head.textContent === arguments[0]).click()
        """,
        name,
    )


def _search(page, text: str) -> str:
    """What the table says below itself once `text` is searched for."""
    page.run(
        """
        const field = document.querySelector(".dt-search input");
        field.value = arguments[0];
        field.dispatchEvent(new Event("input"))
        """,
        text,
    )
    return page.run("return document.querySelector('.dt-info').textContent")


def test_every_picture_is_shown_and_nothing_is_wrong_in_the_console(shown) -> None:
    page, _ = shown
    sizes = page.run("return [...document.images].map(one => [one.complete, one.naturalWidth])")
    assert len(sizes) == PICTURES
    assert all(complete and width > 100 for complete, width in sizes)
    assert page.errors() == []


def test_nobody_is_asked_for_anything(shown) -> None:
    page, _ = shown
    _click(page, "accuracy %")
    page.run("document.querySelector('a.png').click()")
    asked = {address.partition(":")[0] for address in page.requests()}
    assert asked <= {"file", "data", "about"}
    assert "file" in asked  # the report itself, or else this test could not fail


def test_the_network_is_out_of_reach_even_for_a_script_that_tries(shown) -> None:
    page, _ = shown
    tried = page.driver.execute_async_script(
        "fetch('data:,a').then(() => arguments[0]('reached'), () => arguments[0]('refused'))"
    )
    assert tried == "refused"


def test_the_table_sorts_by_number_and_searches(shown) -> None:
    page, count = shown
    rows = min(count, 25)
    scores = [float(text) for text in _column(page, "score")]
    assert len(scores) == rows
    assert scores == sorted(scores, reverse=True)
    _click(page, "mult-adds")
    sizes = [int(text.replace(",", "")) for text in _column(page, "mult-adds")]
    assert sizes == sorted(sizes)
    _click(page, "id")
    assert _column(page, "id") == [str(number) for number in range(rows)]
    code = _column(page, "architecture")[-1]
    total = f"{count:,} total entries"
    assert _search(page, code) == f"Showing 1 to 1 of 1 entry (filtered from {total})"
    assert _column(page, "architecture") == [code]
    assert _search(page, "there is no such code").endswith(f"(filtered from {total})")
    assert _search(page, "") == f"Showing 1 to {rows} of {count:,} entries"


def test_pictures_can_be_saved_as_svg_and_png(shown) -> None:
    page, _ = shown
    links = page.run(
        """
        return [...document.querySelectorAll("figcaption a")].map(link => [link.download, link.href])
        """
    )
    assert len(links) == 2 * PICTURES
    assert len({name for name, _ in links}) == 2 * PICTURES
    for name, address in links:
        kind, _, data = address.partition(";base64,")
        content = base64.b64decode(data)
        if name.endswith(".png"):
            assert kind == "data:image/png"
            assert Image.open(io.BytesIO(content)).size > (300, 100)
        else:
            assert kind == "data:image/svg+xml"
            assert content.startswith(b"<?xml")
            assert b"</svg>" in content


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_in_dark(shown, dark) -> None:
    page, _ = shown
    page.dark(dark)
    page.wait(f"return document.documentElement.classList.contains('dark') === {str(dark).lower()}")
    found = page.run(
        """
        const shade = colour => {
          const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map(part => {
            const value = part / 255;
            return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b };
        const behind = node => {
          const colour = getComputedStyle(node).backgroundColor;
          return colour.endsWith(", 0)") && node.parentElement ? behind(node.parentElement) : colour };
        const seen = "h1, h2, p, td, th, a, summary, figcaption, pre, .dt-info, .dt-search label";
        return [...document.querySelectorAll(seen)].slice(0, 400).map(node => {
          const [one, other] = [shade(getComputedStyle(node).color), shade(behind(node))];
          const [most, least] = [Math.max(one, other), Math.min(one, other)];
          return [(most + 0.05) / (least + 0.05), node.outerHTML.slice(0, 60)] })
        """
    )
    assert min(found)[0] >= CONTRAST
    paper = page.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert paper == ("rgb(25, 25, 25)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("width", [500, 1400])
def test_the_page_is_no_wider_than_the_window(shown, width) -> None:
    page, _ = shown
    page.driver.set_window_size(width, 1000)
    assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")
    page.driver.set_window_size(1400, 1000)


def test_a_name_that_would_be_a_script_is_text(page, folders_in, tmp_path) -> None:
    folders = folders_in(tmp_path)
    path = folders.search("<img src=x onerror=alert(1)>", folders.config())
    page.open(report.run([str(path)], str(tmp_path / "told.html")).as_uri())
    page.wait("return document.querySelector('.dt-info') !== null")
    assert "onerror=alert(1)" in page.run("return document.querySelector('h1').textContent")
    assert page.run("return document.querySelectorAll('img[onerror]').length") == 0
    assert page.errors() == []


def test_a_comparison_shows_its_pictures(page, folders_in, tmp_path) -> None:
    folders = folders_in(tmp_path)
    found = [str(folders.search(f"run{seed}", folders.config(seed=seed))) for seed in range(3)]
    basic = "-".join(["mb3_k3_s1_w1.0_d1"] * 4)
    transfer = TransferConfig(**vars(folders.config()), architecture=basic)
    found.append(str(folders.search("transfer", transfer)))
    page.open(report.run(found, str(tmp_path / "told.html")).as_uri())
    page.wait("return document.images.length === 4 && [...document.images].every(one => one.complete)")
    assert page.errors() == []

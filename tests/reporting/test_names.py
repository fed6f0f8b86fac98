"""Names come from data: folders, arrays, files. Wherever they are shown, a terminal gets nothing to obey."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eatnas_tf.errors import InputError, reason, shown
from eatnas_tf.reporting import progress, tables

NAMES = [  # as they come, and as they are shown
    ("\x1b[2J", r"\x1b[2J"),
    ("\x9b31m", r"\x9b31m"),
    ("\x07", r"\x07"),
    ("a\nb", r"a\nb"),
    ("a\rb", r"a\rb"),
    ("\u202egpj.exe", r"\u202egpj.exe"),
    ("\udcff", r"\udcff"),
    ("[red]a[/red]", "[red]a[/red]"),
    ("[/]", "[/]"),
    (":smile:", ":smile:"),
]


@given(st.text())
def test_what_is_shown_prints_on_one_line_and_is_shown_once(text) -> None:
    assert shown(text).isprintable()
    assert shown(shown(text)) == shown(text)
    assert shown(text) == text or not text.isprintable()
    assert str(InputError(text)) == shown(text)


@pytest.mark.parametrize(("name", "written"), NAMES)
def test_a_name_is_written_out_in_a_table_and_in_a_line(capsys, name, written) -> None:
    tables.show(
        f"title {name}", ("class", "lines"), [(name, (f"one {name}", f"two {name}"))], left=("class",)
    )
    tables.say(f"line {name}")
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.split("\n"))
    for place in (
        f"title {written}\n",
        f" {written} ",
        f" one {written} ",
        f" two {written} ",
        f"line {written}\n",
    ):
        assert place in said


@pytest.mark.parametrize(("name", "written"), NAMES)
@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_is_written_out_beside_a_bar(monkeypatch, terminal, name, written) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, color_system=None, width=200)
    monkeypatch.setattr(progress.terminal, "asides", lambda: console)
    with progress.bar("check", 1, "part") as bar:
        bar.at(1, f"conv_ops: {name}")
    said = stream.getvalue()
    assert f"conv_ops: {written}" in said
    assert name == written or name not in said


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError("\n one\n two"), "ValueError: one"),
        (ValueError(), "ValueError"),
        (KeyError("a"), "KeyError: 'a'"),
    ],
)
def test_the_reason_of_an_error_is_one_line(error, line) -> None:
    assert reason(error) == line

"""What is said on the terminal: how much, in which colours, and what of it under --quiet."""

import io
import sys

import pytest
from absl import logging
from rich.text import Text

from eatnas_tf.reporting import progress, tables, terminal

ESCAPE = "\x1b["


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminals(monkeypatch):
    """Makes standard output and standard error terminals with colours, and returns them."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    def called() -> tuple[Terminal, Terminal]:  # in the test: pytest has its own streams before that
        streams = Terminal(), Terminal()
        monkeypatch.setattr("sys.stdout", streams[0])
        monkeypatch.setattr("sys.stderr", streams[1])
        return streams

    return called


def _all_said(last: bool = True) -> None:
    with progress.bar("search", 2, "evaluation") as bar:
        bar.at(1, "so far")
        bar.aside("reading images", 5, 1000)
        bar.at(2, "done")
    with progress.bars("image") as tell:
        if tell is not None:
            tell("statistics", 1, 2)
            tell("statistics", 2, 2)
    tables.note("watch it")
    tables.show("the title", ("a", "b"), [("one", 1)], left=("a",), last=last)
    tables.say("the verdict")


def test_a_terminal_gets_colours_and_a_bar_with_the_time_left(on_terminals) -> None:
    out, err = on_terminals()
    _all_said()
    assert f"{ESCAPE}1;36m" in out.getvalue()
    for part in ("search", "evaluations", "left", "statistics", "2/2"):
        assert part in err.getvalue()


def test_a_bar_says_what_has_to_be_done_before_it_goes_on_and_stays_where_it_is(
    on_terminals, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, err = on_terminals()
    with progress.bar("search", 4, "evaluation") as bar:
        bar.resumed(3)
        bar.aside("reading images", 500, 1000)
    assert "reading images: 500 of 1,000" in err.getvalue()
    assert "3/4" in err.getvalue()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_narrow_terminal_still_gets_how_far_it_is_and_the_time_left(
    on_terminals, monkeypatch, columns
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, err = on_terminals()
    with progress.bar("search", 48, "evaluation") as bar:
        bar.at(14, "cycle 6 of 32, best score 0.7718, quality 0.6123, and so on and on")
    drawn = Text.from_ansi(err.getvalue()).plain
    for part in ("14/48", "evaluations", "left cycle"):
        assert part in drawn
    assert ("and on" in drawn) == (columns == 200)
    assert max(map(len, drawn.splitlines())) <= columns


def test_no_color_is_respected_and_moving_the_cursor_is_no_colour(on_terminals, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    streams = on_terminals()
    _all_said()
    terminal.refuse("search", "no")
    colours = [f"{ESCAPE}{first}{code}m" for first in ("", "1;", "2;") for code in range(30, 50)]
    said = "".join(stream.getvalue() for stream in streams)
    assert not [code for code in (*colours, f"{ESCAPE}38") if code in said]
    assert "the title" in said


def test_nothing_but_a_terminal_gets_colours(capsys) -> None:
    _all_said()
    terminal.refuse("search", "no")
    said = capsys.readouterr()
    assert ESCAPE not in said.out + said.err
    assert said.err.endswith("search: no\n")


@pytest.mark.parametrize("last", [True, False])
def test_quiet_leaves_the_result_and_what_is_wrong(capsys, last) -> None:
    with terminal.quiet(True):
        _all_said(last)
        terminal.refuse("search", "no")
    said = capsys.readouterr()
    assert said.err == "search: no\n"
    assert ("the title" in said.out) == last
    assert "watch it" not in said.out
    assert said.out.endswith("the verdict\n")


def test_quiet_leaves_nothing_of_a_bar_on_a_terminal_either(on_terminals) -> None:
    _, err = on_terminals()
    with terminal.quiet(True):
        _all_said()
    assert err.getvalue() == ""


def test_what_was_quiet_is_loud_again_afterwards(capsys) -> None:
    with terminal.quiet(True):
        pass
    tables.note("watch it")
    assert capsys.readouterr().out == "watch it\n"


def test_a_refusal_is_one_line_however_narrow_the_terminal(on_terminals, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    _, err = on_terminals()
    terminal.refuse("search", f"{'x ' * 60}[red]\x1b[2J")
    said = err.getvalue()
    assert said.count("\n") == 1
    assert r"[red]\x1b[2J" in said


def test_a_warning_is_written_once_after_the_streams_were_taken() -> None:
    handler = logging.get_absl_handler().python_handler  # it writes twice if its stream is not sys.stderr
    with terminal.streams_taken():
        assert handler.stream is sys.stderr
    assert handler.stream is sys.stderr


@pytest.mark.parametrize(
    ("size", "text"),
    [(2110, "2,110"), (12.509411400060344, "12.51"), (0.00123456, "0.001235"), (31095.513, "31,096")],
)
def test_a_count_is_shown_in_full_and_a_measured_size_in_four_digits(size, text) -> None:
    assert tables.amount(size) == text

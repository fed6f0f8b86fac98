"""Progress on the terminal."""

import io

import pytest

from eatnas_tf.reporting import progress


class Refusing(io.StringIO):
    """A terminal, or none, that takes nothing; `tried` says that something was to be written."""

    def __init__(self, error: OSError, terminal: bool) -> None:
        super().__init__()
        self._error, self._terminal, self.tried = error, terminal, False

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        self.tried = True
        raise self._error

    def flush(self) -> None:
        raise self._error


def _drawn() -> None:
    with progress.bar("search", 2, "evaluation") as bar:
        bar.resumed(1)
        bar.at(2, "all is well")


def test_a_stage_that_is_done_says_so_where_there_is_no_terminal(capsys) -> None:
    _drawn()
    assert capsys.readouterr().err == "search: evaluation 2 of 2, all is well\n"


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BrokenPipeError()])
def test_what_a_terminal_does_not_take_ends_nothing(monkeypatch, error, terminal) -> None:
    """Of a pipe that nobody reads any more, Rich would end the process."""
    stream = Refusing(error, terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", stream)
    _drawn()
    assert stream.tried

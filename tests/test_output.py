"""Output that takes ASCII only, is closed, or whose reader has gone: whole processes without TensorFlow."""

import os
import shlex
import subprocess
import sys
from io import BytesIO, TextIOWrapper

import pytest

from eatnas_tf.reporting import progress, tables, terminal

DESCRIBE = ("eatnas_tf.bin.describe", "--architecture=mb6_k3_s1_w1.0_d2", "--strides=2", "--image_size=32")
HELP = ("eatnas_tf.bin.search", "--help")
WARNS = (
    "from absl import logging; from eatnas_tf.bin import entry; from eatnas_tf.reporting import progress\n"
    "def stage():\n"
    "    with progress.bar('b', 1, 'image') as bar: logging.warning('of class 猫')\n"
    "entry.run(stage)"
)
REFUSED = ("eatnas_tf.bin.search", "--dataset=folder:猫", "--workdir=run", "--workers=1")


def shell(tmp_path, command, redirection: str, **environment: str) -> subprocess.CompletedProcess:
    """What bash makes of a command and a redirection; `$STATUS` is the command's own exit code."""
    line = f"{shlex.join([sys.executable, '-m', *command])} {redirection}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize(("command", "code"), [(DESCRIBE, 0), (HELP, 0), (REFUSED, 2)])
def test_a_command_ends_right_where_output_is_not_utf8(tmp_path, encoding, command, code) -> None:
    done = shell(tmp_path, command, "", PYTHONIOENCODING=encoding)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_a_name_that_the_terminal_lacks_is_escaped(tmp_path) -> None:
    done = shell(tmp_path, REFUSED, "", PYTHONIOENCODING="ascii")
    assert rb"\u732b" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [DESCRIBE, HELP])
def test_a_reader_that_has_gone_ends_a_printer_as_sigpipe_would(tmp_path, command, unbuffered) -> None:
    done = shell(tmp_path, command, "| (exec <&-; sleep 3)", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("command", [DESCRIBE, HELP])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_as_good_as_the_null_device(tmp_path, command, closed) -> None:
    done = shell(tmp_path, command, closed)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_refusal_keeps_its_exit_code_where_nothing_can_be_said(tmp_path) -> None:
    assert shell(tmp_path, REFUSED, ">&- 2>&-").returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_under_standard_output_is_told(tmp_path) -> None:
    done = shell(tmp_path, DESCRIBE, "> /dev/full")
    assert done.returncode == 2
    assert done.stderr == (
        b"describe: standard output cannot be written (No space left on device); "
        b"give a file or pipe that can be\n"
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_tables_bars_and_deviations_have_a_form_in_ascii(monkeypatch, encoding) -> None:
    """As a program sees it, which has no binary around it."""
    streams = {name: TextIOWrapper(BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    with progress.bar("猫", 1, "image") as bar:
        bar.at(1, "so far…")
    tables.show("Bär – 猫", ("a",), [("1.00 ± 0.10",)])
    said = {}
    for name, stream in streams.items():
        stream.flush()
        said[name] = stream.buffer.getvalue().decode(encoding)
    assert r"\u732b" in said["stdout"]
    assert r"\u732b" in said["stderr"]
    assert ("1.00 +/- 0.10" if encoding == "ascii" else "1.00 ± 0.10") in said["stdout"]
    assert "+-" in said["stdout"]


def test_what_a_stream_does_not_take_is_dropped_and_remembered() -> None:
    class Gone(BytesIO):
        def write(self, data) -> int:
            raise BrokenPipeError

    stream = terminal.Shown(TextIOWrapper(Gone(), write_through=True))
    print("result", file=stream, flush=True)
    assert isinstance(stream.lost, BrokenPipeError)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_warning_is_written_once_in_what_the_terminal_takes(tmp_path, encoding) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WARNS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count(b"of class ")) == (0, 1)
    assert b"Logging error" not in done.stderr

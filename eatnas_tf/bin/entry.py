"""How every binary starts: presets, plugins, one line and exit code 2 for wrong input."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType

from absl import app, logging
from absl import flags as absl_flags

from eatnas_tf.errors import InputError
from eatnas_tf.flags import presets, runtime
from eatnas_tf.flags import terminal as terminal_flags
from eatnas_tf.stages.stopping import Stopped

BROKEN_PIPE = 128 + 13  # as a shell shows a death by SIGPIPE

absl_flags.disclaim_key_flags()  # or else the flags that `adopt` names would count as this module's


def adopt(modules: Iterable[ModuleType]) -> None:
    """Shows the flags of `modules` in --help of the calling binary."""
    for module in modules:
        absl_flags.adopt_module_key_flags(module)


def run(stage: Callable[[], None], prints: bool = False) -> None:
    """Parses the command line and runs the stage; exits 2 with one line if input is at fault.

    A stage whose whole purpose is to print says so by `prints`; if that fails, its exit code says it.
    """
    _run(lambda files: stage(), _parse, prints)


def run_on_files(stage: Callable[[list[str]], None], prints: bool = False) -> None:
    """As `run`, for a stage that takes what stands behind the flags."""
    _run(stage, partial(_parse, files=True), prints)


def _run(stage: Callable[[list[str]], None], parse: Callable[[list[str]], list[str]], prints: bool) -> None:
    from eatnas_tf.reporting import terminal

    with terminal.streams_taken():
        app.run(_guarded(stage, prints), flags_parser=parse)


def _guarded(stage: Callable[[list[str]], None], prints: bool) -> Callable[[list[str]], None]:
    def main(arguments: list[str]) -> None:
        logging.set_verbosity(logging.WARNING)
        absl_flags.FLAGS["logtostderr"].value = True  # or warnings appear twice
        from eatnas_tf.reporting import terminal

        try:
            runtime.load_plugins()
            with terminal.quiet(terminal_flags.QUIET.value):
                stage(arguments[1:])
            if prints or runtime.DRY_RUN.value:
                _exit_unless_printed()
        except InputError as error:
            _refuse(str(error))
        except KeyboardInterrupt:
            print(
                f"\n{_program()}: stopped before it had begun; the same command starts again", file=sys.stderr
            )
            sys.exit(130)
        except Stopped as stopped:
            print(f"\n{_program()}: {stopped}", file=sys.stderr)
            sys.exit(stopped.exit_code)

    return main


def _parse(argv: list[str], files: bool = False) -> list[str]:
    try:
        rest = absl_flags.FLAGS(presets.expanded(argv))[1:]
    except (absl_flags.Error, ValueError) as error:  # of absl's own flags some raise no Error
        _refuse(" ".join(str(error).split()))
    except SystemExit:  # --help has been printed; absl would exit with 1
        _exit_unless_printed()
        sys.exit(0)
    for name in absl_flags.FLAGS:
        value = absl_flags.FLAGS[name].value
        if isinstance(value, float) and not math.isfinite(value):
            _refuse(f"--{name}: {value} is not a finite number")
    if rest and not files:
        _refuse(f"{rest[0]!r} is not a flag; flags start with -- (see --help)")
    return [argv[0], *rest]


def _exit_unless_printed() -> None:
    """Exits as a program does that SIGPIPE ends if the reader has gone, and with 2 if the disk is full."""
    from eatnas_tf.reporting import terminal

    error = terminal.lost()
    if isinstance(error, BrokenPipeError):
        sys.exit(BROKEN_PIPE)
    if error is not None:
        _refuse(f"standard output cannot be written ({error.strerror}); give a file or pipe that can be")


def _refuse(message: str) -> None:
    from eatnas_tf.reporting import terminal  # here, so that --help answers at once

    terminal.refuse(_program(), message)
    sys.exit(2)


def _program() -> str:
    return sys.argv[0].rsplit("/", 1)[-1].removesuffix(".py")

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

absl_flags.disclaim_key_flags()  # or else the flags that `adopt` names would count as this module's


def adopt(modules: Iterable[ModuleType]) -> None:
    """Shows the flags of `modules` in --help of the calling binary."""
    for module in modules:
        absl_flags.adopt_module_key_flags(module)


def run(stage: Callable[[], None]) -> None:
    """Parses the command line and runs the stage; exits 2 with one line if input is at fault."""
    app.run(_guarded(lambda files: stage()), flags_parser=_parse)


def run_on_files(stage: Callable[[list[str]], None]) -> None:
    """As `run`, for a stage that takes what stands behind the flags."""
    app.run(_guarded(stage), flags_parser=partial(_parse, files=True))


def _guarded(stage: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    def main(arguments: list[str]) -> None:
        logging.set_verbosity(logging.WARNING)
        logging.set_stderrthreshold(logging.WARNING)
        from eatnas_tf.reporting import terminal

        try:
            runtime.load_plugins()
            with terminal.quiet(terminal_flags.QUIET.value):
                stage(arguments[1:])
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
        sys.exit(0)
    for name in absl_flags.FLAGS:
        value = absl_flags.FLAGS[name].value
        if isinstance(value, float) and not math.isfinite(value):
            _refuse(f"--{name}: {value} is not a finite number")
    if rest and not files:
        _refuse(f"{rest[0]!r} is not a flag; flags start with -- (see --help)")
    return [argv[0], *rest]


def _refuse(message: str) -> None:
    from eatnas_tf.reporting import terminal  # here, so that --help answers at once

    terminal.refuse(_program(), message)
    sys.exit(2)


def _program() -> str:
    return sys.argv[0].rsplit("/", 1)[-1].removesuffix(".py")

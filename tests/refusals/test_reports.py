"""Folders that a report is to be of."""

from typing import Any

from eatnas_tf.bin import report

from .commands import ADVICE, CLEAR, MISSING, SCHEMA
from .damage import GONE, Damage, copied, edited, folder, in_turn, line, lines, text, written
from .harness import Case, check, numbered


def reported(message: str, damage: Damage = lambda run: None, of: str = "searched", *others: str) -> Case:
    """A report of the folder `run` as a sound stage left it, then damaged."""
    return Case(report, ("--workdir=run", *others), message, copied(of, damage))


def of_config(reason: str, changes: dict[str, Any]) -> Case:
    message = f"run/config.json is damaged ({reason}); restore it"
    return reported(message, edited("config.json", changes))


OF_A_STAGE = "give the folder of a stage or pipeline"
CASES = [
    Case(report, (), "--workdir is missing; give the folder of a stage or a pipeline, or several: a,b"),
    Case(
        report,
        ("--workdir=,",),
        "--workdir is missing; give the folder of a stage or a pipeline, or several: a,b",
    ),
    Case(report, ("--workdir=a,b,a",), "--workdir: a is given twice; give different folders"),
    Case(
        report,
        ("--workdir=a", "--workdir=b", "--workdir=a"),
        "--workdir: a is given twice; give different folders",
    ),
    Case(
        report, ("--workdir=old",), f"--workdir=old: cannot be read (No such file or directory); {OF_A_STAGE}"
    ),
    Case(
        report,
        (f"--workdir={CLEAR}",),
        rf"--workdir=\x1b[2J: cannot be read (No such file or directory); {OF_A_STAGE}",
    ),
    Case(
        report,
        ("--workdir=file",),
        f"--workdir=file: cannot be read (Not a directory); {OF_A_STAGE}",
        written("file", ""),
    ),
    Case(report, ("--workdir=run",), f"run/config.json: {MISSING}", folder("run")),
    Case(report, ("--workdir=run,other",), "--workdir=other: cannot be read (…", copied("searched")),
    Case(
        report,
        ("--workdir=run",),
        "--workdir=run is an ablation's, whose report is in run/results; give folders of its stages, such as "
        "run/seed0/eat/search",
        in_turn(folder("run"), written("run/ablation.json", "{}")),
    ),
    reported(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": 2})),
    reported("run/config.json: cannot be read (JSONDecodeError: …", text("config.json", "")),
    of_config("stage is missing", {"stage": GONE}),
    of_config("stage is 'dance'; expected search, transfer or retrain", {"stage": "dance"}),
    of_config("settings is [1]; expected an object", {"settings": [1]}),
    of_config("versions is missing", {"versions": GONE}),
    of_config("command is 'ls'; expected a list of text", {"command": "ls"}),
    of_config("population is '8'; expected a whole number", {"settings/population": "8"}),
    of_config("target_std is 0; expected a number above 0", {"settings/target_std": 0}),
    of_config("kernel_choices is [None]; expected a list of a value", {"settings/kernel_choices": [None]}),
    of_config("skip_choices is missing", {"settings/skip_choices": GONE}),
    reported(
        "no primitive 'se' among conv, depth, kernel, skip, width; one of your own needs --plugins",
        edited("config.json", {"settings/primitives": ["se"]}),
    ),
    reported(
        "run/config.json is damaged (kernel: '4.5' is not a whole number from 1 to 999); restore it",
        edited("config.json", {"settings/kernel_choices": [4.5]}),
    ),
    reported(
        "run/best.json is damaged (frame is missing); restore it or run its stage again",
        edited("best.json", {"frame": GONE}),
    ),
    reported("run/best.json: cannot be read (…", text("best.json", "x")),
    reported(
        f"run/journal.jsonl, line 3: not a candidate (accuracy is 'x'; expected a number); {ADVICE}",
        line(3, accuracy="x"),
    ),
    reported(
        f"run/journal.jsonl, line 3: b'x' is not a JSON object; {ADVICE}",
        lines(lambda found: found.__setitem__(2, b"x\n")),
    ),
    reported(
        "run/journal.jsonl, line 4: candidate 2 has the score 0.5, where its accuracy and size make …",
        line(4, score=0.5),
    ),
    reported(
        f"run/journal.jsonl, line 12: candidate 10 has a parent 99 that did not come before it; {ADVICE}",
        line(12, parent=99),
    ),
    reported(
        f"run/journal.jsonl, line 12: candidate 10 replaces 99, which is not alive; {ADVICE}",
        line(12, replaced=99),
    ),
    reported(
        "run/journal.jsonl, line 2: candidate 0 was mutated in kernel of block 9 from 3, which cannot be …",
        lambda run: (
            edited("config.json", {"stage": "transfer"})(run),
            line(2, mutated=[[9, "kernel", 3, 5]])(run),
        ),
    ),
    reported(
        f"run/journal.jsonl, line 2: not a retrained network (top1 is None; expected a number); {ADVICE}",
        line(2, top1=None),
        "retrained",
    ),
    reported(
        "--output=nowhere/told.html: there is no folder nowhere; make it, or give another file",
        lambda run: None,
        "searched",
        "--output=nowhere/told.html",
    ),
    reported(
        "--output=run is a folder; give a file, such as run/report.html",
        lambda run: None,
        "searched",
        "--output=run",
    ),
]


@numbered("reports", CASES)
def test_a_folder_that_nothing_can_be_told_of_is_refused(refusal, case) -> None:
    check(case, refusal(case))

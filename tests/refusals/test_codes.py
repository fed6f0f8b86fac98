"""Codes of architectures, as text and as JSON."""

import json
from typing import Any

from eatnas_tf.bin import describe

from .commands import CLEAR, ONE, PATTERN
from .harness import Case, check, numbered


def coded(code: str, message: str, *others: str) -> Case:
    arguments = ("--strides=1", "--image_size=32", f"--architecture={code}", *others)
    return Case(
        describe, arguments, message if message.startswith("strides") else f"--architecture: {message}"
    )


def row(**changes: Any) -> str:
    return json.dumps([{"conv": "mb6", "kernel": 3, "skip": 1, "width": 1, "depth": 1, **changes}])


CASES = [
    coded("", "block 1, conv: '' is not a word of letters, digits and dots"),
    coded("  ", "block 1, conv: '' is not a word of letters, digits and dots"),
    coded("mb6", f"block 1, kernel is missing; expected {PATTERN}"),
    coded("mb6_k3", f"block 1, skip is missing; expected {PATTERN}"),
    coded(f"{ONE}-", "block 2, conv: '' is not a word of letters, digits and dots"),
    coded(f"{ONE}--{ONE}", "block 2, conv: '' is not a word of letters, digits and dots"),
    coded(f"{ONE}-{ONE}_k5", f"block 2, kernel is given twice; expected {PATTERN}"),
    coded(f"{ONE}_x1", f"block 1, 'x1' is no primitive; expected {PATTERN}; one of your own needs --plugins"),
    coded(f"{ONE}_", f"block 1, '' is no primitive; expected {PATTERN}; one of your own needs --plugins"),
    coded(
        "mb6_K3_s1_w1.0_d2",
        f"block 1, 'K3' is no primitive; expected {PATTERN}; one of your own needs --plugins",
    ),
    coded("mb6_k03_s1_w1.0_d2", "block 1, kernel: '03' is not a whole number from 1 to 999"),
    coded("mb6_k-3_s1_w1.0_d2", "block 1, kernel: '' is not a whole number from 1 to 999"),
    coded("mb6_k\u0663_s1_w1.0_d2", "block 1, kernel: '\u0663' is not a whole number from 1 to 999"),
    coded("mb6_k3_s2_w1.0_d2", "block 1, skip: '2' is not 0 or 1"),
    coded("mb6_k3_s1_w1e308_d2", "block 1, width: '1e308' is not a number above 0"),
    coded("mb6_k3_s1_w0.0_d2", "block 1, width: '0.0' is not a number above 0"),
    coded("mb6_k3_s1_wnan_d2", "block 1, width: 'nan' is not a number above 0"),
    coded("mb6_k3_s1_w1.0_d1000000000", "block 1, depth: '1000000000' is not a whole number from 1 to 999"),
    coded(f"mb6_k3_s1_w1.0_d{'9' * 5000}", "block 1, depth: '9999…"),
    coded(
        f"mb6_k3\n{CLEAR}_s1_w1.0_d1", r"block 1, kernel: '3\n\x1b[2J' is not a whole number from 1 to 999"
    ),
    coded("[red]mb6[/red]", "'[red]mb6[/red]' is not JSON; expected a list of objects, one a block"),
    coded("{}", "block 1, conv: '{}' is not a word of letters, digits and dots"),
    coded("[{", "'[{' is not JSON; expected a list of objects, one a block"),
    coded("[]", "an architecture needs at least one block"),
    coded("[1]", "'[1]' is not a list of objects; expected one object a block"),
    coded("[[]]", "'[[]]' is not a list of objects; expected one object a block"),
    coded("[{}]", f"block 1, conv is missing; expected {PATTERN}"),
    coded("[" * 10_000, f"{'[' * 40!r} is not JSON; expected a list of objects, one a block"),
    coded('[{"conv":' * 10_000, """'[{"conv":[{"conv":[{"conv":[{"conv":[{"c' is not JSON; …"""),
    coded(row(skip=True), "block 1, skip: True is not a word or a number"),
    coded(row(kernel=None), "block 1, kernel: None is not a word or a number"),
    coded(row(kernel=[3]), "block 1, kernel: [3] is not a word or a number"),
    coded(row(kernel=-3), "block 1, kernel: '-3' is not a whole number from 1 to 999"),
    coded(row(kernel=3.5), "block 1, kernel: '3.5' is not a whole number from 1 to 999"),
    coded(row(width=float("nan")), "block 1, width: 'NaN' is not a number above 0"),
    coded(row(width=float("inf")), "block 1, width: 'Infinity' is not a number above 0"),
    coded(row().replace("3", "1" + "0" * 5000), '\'[{"conv": "mb6", …'),
    coded(row().replace("3", "1e400"), "block 1, kernel: 'Infinity' is not a whole number from 1 to 999"),
    coded(row(conv=f"mb6{CLEAR}"), r"block 1, conv: 'mb6\x1b[2J' is not a word of letters, digits and dots"),
    coded(
        row(kernal=3),
        "block 1, no primitive 'kernal' among conv, kernel, skip, width, depth; "
        "one of your own needs --plugins",
    ),
    coded(
        row(**{"": 3}),
        "block 1, no primitive '' among conv, kernel, skip, width, depth; one of your own needs --plugins",
    ),
    coded(
        row(cls=3),
        "block 1, no primitive 'cls' among conv, kernel, skip, width, depth; one of your own needs --plugins",
    ),
]


@numbered("codes", CASES)
def test_a_text_that_is_no_architecture_is_refused(refusal, case) -> None:
    check(case, refusal(case))

"""Architectures that are well written, and cannot be in their frame or space."""

from eatnas_tf.bin import describe, search, transfer

from .commands import CODE, ONE, PATTERN, SEARCH, WIDE
from .harness import Case, check, numbered, table

CASES = [
    Case(describe, (f"--architecture={CODE}",), "strides: 7 given for 5 blocks; expected one a block"),
    *table(
        describe,
        ("--strides=1",),
        (
            ["--architecture=mb_k3_s1_w1.0_d1"],
            "--architecture: block 1, no conv op 'mb' among mb1, mb3, mb6, sep; "
            "one of your own needs --plugins; did you mean 'mb6'?",
        ),
        (
            ["--architecture=mb999999999_k3_s1_w1.0_d1"],
            "--architecture: block 1, no conv op 'mb999999999' among mb1, mb3, mb6, sep…",
        ),
        (
            ["--architecture=mb6_k3_s1_w999999999999.0_d1"],
            "block 1, width: 32 x 999999999999.0 channels; expected fewer than 1048576",
        ),
        (
            [
                f"--architecture={'-'.join([ONE] * 8)}",
                "--strides=" + ",".join("1" * 8),
                "--width_base=mobilenet_v2",
            ],
            "block 8: width_base mobilenet_v2 knows 7 blocks; use --width_base=input for more",
        ),
    ),
    *table(
        transfer,
        SEARCH,
        (["--architecture=mb6_k3"], f"--architecture: block 1, skip is missing; expected {PATTERN}"),
        (["--architecture=[{}]"], f"--architecture: block 1, conv is missing; expected {PATTERN}"),
        ([f"--architecture={CODE}-{CODE}"], f"{CODE}-{CODE} has 10 blocks; expected 5"),
        ([f"--architecture={CODE.replace('k3', 'k9')}"], "block 1, kernel: 9 is not one of 3, 5, 7"),
        (
            [f"--architecture={CODE}", "--inherit_seed=all"],
            "flag --inherit_seed=all: value should be one of …",
        ),
    ),
    *table(
        search,
        SEARCH,
        (
            ["--seed_architectures=mb6_k3"],
            f"--seed_architectures: block 1, skip is missing; expected {PATTERN}",
        ),
        (
            [f"--seed_architectures={CODE.replace('k3', 'k9')}"],
            f"--seed_architectures: {CODE.replace('k3', 'k9')} is not in the space: "
            "block 1, kernel: 9 is not one of 3, 5, 7",
        ),
        (
            [f"--seed_architectures={CODE.replace('mb6', 'mine')}"],
            "--seed_architectures: block 1, no conv op 'mine' among mb1, mb3, mb6, sep; "
            "one of your own needs --plugins…",
        ),
        ([f"--seed_architectures={WIDE},{WIDE}"], f"--seed_architectures: {WIDE} is given twice"),
        (
            [f"--seed_architectures={','.join([WIDE] * 5)}", "--population=4", "--sample=2"],
            "--seed_architectures: 5 codes for --population=4; give fewer",
        ),
    ),
]


@numbered("networks", CASES)
def test_an_architecture_that_cannot_be_there_is_refused(refusal, case) -> None:
    check(case, refusal(case))

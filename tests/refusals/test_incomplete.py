"""Commands that lack something, or are given what excludes each other."""

from eatnas_tf.bin import check_plugins, describe, evaluate, pipeline, predict, retrain, search, transfer

from .commands import CODE, SEARCH
from .harness import Case, check, numbered

CASES = [
    Case(search, (), "--workdir is missing; give a folder, new or of an earlier run of this command"),
    Case(
        search,
        ("--workdir=run", "--blocks=5"),
        "--strides is missing: the default is for 7 blocks, not 5; give one a block",
    ),
    Case(transfer, SEARCH, "give one of --from=WORKDIR and --architecture=CODE"),
    Case(
        transfer,
        (*SEARCH, "--from=old", f"--architecture={CODE}"),
        "give one of --from=WORKDIR and --architecture=CODE",
    ),
    Case(retrain, ("--workdir=run",), "give one of --from=WORKDIR and --architecture=CODE"),
    Case(
        retrain,
        ("--from=old",),
        "--workdir is missing; give a folder, new or of an earlier run of this command…",
    ),
    Case(evaluate, (), "--from is missing; give the work folder of a finished retraining"),
    Case(evaluate, ("--from=old", "new"), "'new' is not a flag; flags start with -- (see --help)"),
    Case(
        describe, (), "--architecture is missing; give a code such as mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1-…"
    ),
    Case(describe, ("--format=xml",), "flag --format=xml: value should be one of <table|json|csv>"),
    Case(predict, ("shirt.png",), "--model is missing; give the model.keras of a finished retraining"),
    Case(predict, ("--model=none.keras",), "no image is given; name image files or folders behind the flags"),
    Case(
        predict,
        ("--model=none.keras", "--output=found.csv", "shirt.png"),
        "--output takes --format=csv or --format=json; a table is for the terminal",
    ),
    Case(
        describe,
        ("--architecture=sep_k3_s1_w1.0_d1", "--strides=1", "--format=csv"),
        "--format=csv is for predict; use --format=json or --format=table",
    ),
    Case(predict, ("--top=0", "shirt.png"), "flag --top=0: 0 is not a positive integer"),
    Case(pipeline, (), "--workdir is missing; give a folder, new or of an earlier run of this command"),
    Case(check_plugins, ("--parts=kernal",), "--parts: no part 'kernal' among conv, depth, every_block, …"),
    Case(check_plugins, ("--parts=kernel,,",), "--parts: no part '' among conv, …"),
    Case(check_plugins, ("kernel",), "'kernel' is not a flag; flags start with -- (see --help)"),
]


@numbered("incomplete", CASES)
def test_a_command_that_cannot_start_says_why(refusal, case) -> None:
    check(case, refusal(case))

"""Presets, and commands of several stages, which have a preset for each."""

from eatnas_tf.bin import ablate, pipeline, search
from eatnas_tf.flags import presets

from .commands import CLEAR, ONE, SEARCH
from .damage import written
from .harness import Case, check, numbered, table

PRESETS = ", ".join(presets.names())
CASES = [
    Case(search, (*SEARCH, "--preset=fast"), f"preset 'fast' is not one of {PRESETS}"),
    Case(search, (*SEARCH, "--preset"), f"preset '--preset' is not one of {PRESETS}"),
    Case(search, ("--preset=", *SEARCH), f"preset '' is not one of {PRESETS}"),
    Case(search, (f"--preset=[red]{CLEAR}",), rf"preset '[red]\x1b[2J' is not one of {PRESETS}"),
    Case(search, ("--preset=../search",), f"preset '../search' is not one of {PRESETS}"),
    Case(
        search,
        ("--preset=quickstart_search", "--preset=cifar10_search"),
        "--preset is given 2 times; give one, other flags win over it",
    ),
    Case(
        search,
        ("--flagfile=mine.flags",),
        f"preset 'fast' is not one of {PRESETS}",
        written("mine.flags", "--preset=fast\n"),
    ),
    Case(
        search,
        ("--flagfile=mine.flags",),
        "--flagfile=mine.flags: not text ('utf-8' codec can't decode byte 0xff in position 0: invalid start "
        "byte); save it as UTF-8, flags one a line",
        written("mine.flags", b"\xff--seed=1\n"),
    ),
    *table(
        pipeline,
        ("--workdir=run",),
        (["--search_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (["--transfer_retrain_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (
            ["--transfer_preset=quickstart_transfer", "--transfer_preset=imagenet_transfer"],
            "2 --transfer_preset and 1 --transfer_retrain_preset; expected as many of one as of the other",
        ),
        (
            ["--search_preset=cifar10_search", "--dataset=fashion_mnist_mini"],
            "strides: 4 given for 7 blocks; expected one a block",
        ),
        (
            ["--transfer_preset=imagenet_transfer", "--dataset=fashion_mnist_mini"],
            "--blocks: 4 in a search, 7 in the transfer after it; make them equal",
        ),
        (["--top_k=50"], "--top_k: 50 to retrain of --population=16; ask for fewer"),
        (
            ["--preset=quickstart_search"],
            "--preset is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            ["--from=elsewhere"],
            "--from is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            [f"--architecture={ONE}"],
            "--architecture is for a single stage; a pipeline takes a preset for each of its stages",
        ),
        (
            ["--train_examples=9000"],
            "--train_examples: 9000 is more than the 5000 training images of fashion_mnist_mini; "
            "give fewer, or 0 for all",
        ),
        (["--population=1"], "flag --population=1: 1 is not an integer in the range [2, 1000000]"),
        (["--dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
    ),
    *table(
        ablate,
        ("--workdir=run",),
        (["--source_preset=fast"], f"preset 'fast' is not one of {PRESETS}"),
        (["--target_dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
        (["--source_dataset=npz:mine.npz"], "mine.npz: no such file; expected an .npz"),
        (["--seeds="], "--seeds: the list is empty; give at least one value"),
        (["--seeds=0,1,0"], "--seeds: 0,1,0; expected different ones"),
        (["--seeds=1,two"], "--seeds: 'two' is not a whole number of at least 0, below a billion"),
        (["--worse_rank=17"], "--worse_rank: 17 is not from 2 to --population=16"),
        (["--worse_rank=1"], "flag --worse_rank=1: 1 is not integer >= 2"),
        (
            ["--patience=7"],
            "--patience is for a single stage; an ablation sets it for each of its stages",
        ),
        (["--seed=1"], "--seed is for a single stage; an ablation sets it for each of its stages"),
        (
            ["--target_preset=imagenet_transfer"],
            "--blocks: 4 in a search, 7 in the transfer after it; make them equal",
        ),
    ),
]


@numbered("presets", CASES)
def test_presets_that_are_unknown_or_do_not_fit_each_other_are_refused(refusal, case) -> None:
    check(case, refusal(case))

"""Work folders of earlier stages, which later ones start from."""

from types import ModuleType

from eatnas_tf.bin import evaluate, retrain, transfer

from .commands import CLEAR, MISSING, PATTERN, SCHEMA, SEARCH, WIDE
from .damage import GONE, Damage, copied, edited, in_turn, npz, removed, text, written
from .harness import Case, check, numbered


def start(binary: ModuleType, of: str, message: str, damage: Damage = lambda run: None) -> Case:
    """A stage from the folder `run` as a sound one left it, then damaged."""
    arguments = {
        transfer: (*SEARCH, "--workdir=next", "--from=run"),
        retrain: ("--strides=1,1,2,1,2", "--workdir=next", "--from=run"),
        evaluate: ("--from=run",),
    }[binary]
    return Case(binary, arguments, message, copied(of, damage))


def damaged(reason: str) -> str:
    return f"run/best.json is damaged ({reason}); restore it or run its stage again"


ITS_OWN = "and names are missing on one side: give a dataset with the model's classes"
CASES = [
    Case(transfer, (*SEARCH, "--from=old"), f"old/best.json: {MISSING}"),
    Case(retrain, ("--workdir=run", "--from=old"), f"old/best.json: {MISSING}"),
    Case(evaluate, ("--from=old",), f"old/best.json: {MISSING}"),
    Case(evaluate, ("--from=",), f"best.json: {MISSING}"),
    Case(evaluate, (f"--from=[red]{CLEAR}",), rf"[red]\x1b[2J/best.json: {MISSING}"),
    Case(
        evaluate,
        ("--from=file",),
        "file/best.json: cannot be read (NotADirectoryError: [Errno 20] Not a directory: 'file/best.json'); "
        "restore it or use another folder",
        written("file", ""),
    ),
    Case(
        retrain,
        ("--strides=1,1,2,1,2", "--workdir=run", "--from=./run"),
        "--from and --workdir are the same folder, run; give another --workdir",
        copied("searched"),
    ),
    Case(
        transfer,
        (*SEARCH, "--from=run", f"--seed_architectures={WIDE}", "--inherit_seed=none"),
        "--from and --workdir are the same folder, run; give another --workdir",
        copied("searched"),
    ),
    start(evaluate, "searched", "--from=run is not the work folder of a finished retraining; give one"),
    start(retrain, "retrained", "--from=run is not the work folder of a search or transfer; give one"),
    start(
        retrain,
        "searched",
        "--from=run: that stage is not finished; run its command to its end",
        edited("best.json", {"finished": None}),
    ),
    start(
        transfer,
        "searched",
        "--from=run: that stage has no result; run its command, which says why",
        removed("best.json"),
    ),
    start(transfer, "searched", "run/best.json: cannot be read (JSONDecodeError: …", text("best.json", "")),
    start(
        transfer,
        "searched",
        "run/best.json: cannot be read (UnicodeDecodeError: …",
        text("best.json", b"\xff"),
    ),
    start(
        transfer,
        "searched",
        "run/best.json: cannot be read (RecursionError: …",
        text("best.json", "[" * 100_000),
    ),
    start(transfer, "searched", f"run/best.json: {SCHEMA}", text("best.json", "[]")),
    start(transfer, "searched", f"run/best.json: {SCHEMA}", edited("best.json", {"schema": 0})),
    start(transfer, "searched", damaged("finished is missing"), edited("best.json", {"finished": GONE})),
    start(
        transfer,
        "searched",
        damaged("finished is True; expected text or null"),
        edited("best.json", {"finished": True}),
    ),
    start(
        transfer, "searched", damaged("architecture is missing"), edited("best.json", {"architecture": GONE})
    ),
    start(
        transfer,
        "searched",
        damaged("architecture is 3; expected text"),
        edited("best.json", {"architecture": 3}),
    ),
    start(
        transfer,
        "searched",
        r"--from=run: block 1, conv: 'sep\x1b[2J' is not a word of letters, digits and dots",
        edited("best.json", {"architecture": f"sep{CLEAR}_k3_s1_w1.0_d1"}),
    ),
    start(
        transfer,
        "searched",
        damaged("weights is 1; expected text or null"),
        edited("best.json", {"weights": 1}),
    ),
    start(
        transfer, "searched", damaged("frame is []; expected an object"), edited("best.json", {"frame": []})
    ),
    start(
        transfer,
        "searched",
        damaged("image_size is missing"),
        edited("best.json", {"frame/image_size": GONE}),
    ),
    start(
        transfer,
        "searched",
        damaged("image_size is 14.5; expected a whole number"),
        edited("best.json", {"frame/image_size": 14.5}),
    ),
    start(
        transfer,
        "searched",
        damaged("channels: 0 is not at least 1"),
        edited("best.json", {"frame/channels": 0}),
    ),
    start(
        transfer,
        "searched",
        damaged("strides is ['1']; expected a list of a whole number"),
        edited("best.json", {"frame/strides": ["1"]}),
    ),
    start(
        transfer,
        "searched",
        damaged("width_base: output is not one of input, mobilenet_v2"),
        edited("best.json", {"frame/width_base": "output"}),
    ),
    start(transfer, "retrained", "run/weights.npz: no such file; expected an .npz", removed("weights.npz")),
    start(
        transfer, "retrained", "run/weights.npz: not a readable .npz (BadZipFile: …", text("weights.npz", "")
    ),
    start(
        retrain,
        "searched",
        damaged("ranking is {}; expected a list of an object"),
        edited("best.json", {"ranking": {}}),
    ),
    start(
        retrain,
        "searched",
        damaged("architecture is missing"),
        edited("best.json", {"ranking/0/architecture": GONE}),
    ),
    start(
        retrain,
        "searched",
        f"--from=run: block 1, kernel is missing; expected {PATTERN}",
        edited("best.json", {"ranking/0/architecture": "mb6"}),
    ),
    Case(
        retrain,
        ("--strides=1,1,2,1,2", "--workdir=next", "--from=run", "--top_k=9"),
        "--top_k: 9 of a population of 8; ask for fewer",
        copied("searched"),
    ),
    Case(
        retrain,
        ("--workdir=next", "--from=run", "--strides=1,2"),
        "strides: 2 given for 5 blocks; expected one a block",
        copied("searched"),
    ),
    Case(
        retrain,
        ("--workdir=next", "--from=run", "--dataset=npz:mine.npz", "--init=inherit"),
        "--init=inherit: …",
        in_turn(copied("searched"), npz()),
    ),
    start(retrain, "searched", f"run/config.json: {MISSING}", removed("config.json")),
    start(
        transfer,
        "searched",
        "run/config.json is damaged (dataset is 3; expected text); restore it",
        edited("config.json", {"settings/dataset": 3}),
    ),
    start(evaluate, "retrained", damaged("params is missing"), edited("best.json", {"params": GONE})),
    start(
        evaluate,
        "retrained",
        damaged("mult_adds is '1'; expected a whole number"),
        edited("best.json", {"mult_adds": "1"}),
    ),
    start(
        evaluate,
        "retrained",
        damaged("test is None; expected an object"),
        edited("best.json", {"test": None}),
    ),
    start(evaluate, "retrained", damaged("top1 is missing"), edited("best.json", {"test/top1": GONE})),
    start(
        evaluate,
        "retrained",
        damaged("classes is 10; expected a list of text"),
        edited("best.json", {"classes": 10}),
    ),
    start(evaluate, "retrained", f"run/config.json: {MISSING}", removed("config.json")),
    start(
        evaluate,
        "retrained",
        "run/config.json is damaged (settings is missing); restore it",
        edited("config.json", {"settings": GONE}),
    ),
    start(
        evaluate,
        "retrained",
        "run/config.json is damaged (validation is 'a fifth'; expected a number or null); restore it",
        edited("config.json", {"settings/validation": "a fifth"}),
    ),
    start(
        evaluate,
        "retrained",
        f"--dataset=fashion_mnist_mini has 10 classes, the model knows 9, {ITS_OWN}",
        edited("best.json", {"classes": list("012345678")}),
    ),
    Case(
        evaluate,
        ("--from=run", "--dataset=npz:mine.npz"),
        f"--dataset=npz:mine.npz has 4 classes, the model knows 10, {ITS_OWN}",
        in_turn(copied("retrained"), npz()),
    ),
    Case(
        evaluate,
        ("--from=run", "--dataset=npz:mine.npz"),
        "mine.npz: no such file; expected an .npz",
        copied("retrained"),
    ),
]


@numbered("sources", CASES)
def test_a_folder_that_a_stage_cannot_start_from_is_refused(refusal, case) -> None:
    check(case, refusal(case))

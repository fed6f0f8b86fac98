"""Work folders that a stage would write to: their place, settings and files but the journal."""

import shutil

from filelock import FileLock

from eatnas_tf.bin import ablate, pipeline, retrain, search, transfer

from .commands import CLEAR, RETRAIN, SCHEMA, SEARCH, WIDE, retrain_again, search_again
from .damage import GONE, copied, edited, folder, in_turn, npz, removed, text, written
from .harness import Case, check, numbered

OLD_VALUE = "use another --workdir or the old value"


def other(name: str, old_value: str, new_value: str, hint: str = "cannot change") -> Case:
    return Case(
        search,
        (*SEARCH, f"--{name}={new_value}"),
        f"--{name}: {old_value} in run, now {new_value}; it {hint} there: {OLD_VALUE}",
        copied("searched"),
    )


OTHER_DATA = "its data changed since the first run in run; restore the data, or use another --workdir"
CHANGED = edited("config.json", {"fingerprint": "of other images"})
CASES = [
    search_again(f"--dataset=fashion_mnist_mini: {OTHER_DATA}", CHANGED),
    search_again(f"--dataset=fashion_mnist_mini: {OTHER_DATA}", CHANGED, "--dry_run"),
    search_again(f"--dataset=fashion_mnist_mini: {OTHER_DATA}", CHANGED, "--cycles=20", "--workers=2"),
    retrain_again(f"--dataset=fashion_mnist_mini: {OTHER_DATA}", CHANGED),
    Case(search, SEARCH, "--workdir=run: cannot be written (…", written("run", "a file")),
    Case(
        search,
        (*SEARCH, "--workdir=run/deep"),
        "--workdir=run/deep: cannot be written (Not a directory); give a folder that can be",
        written("run", ""),
    ),
    Case(
        search,
        (*SEARCH, f"--workdir={'x' * 300}"),
        f"--workdir={'x' * 300}: cannot be written (File name too long); give a folder that can be",
    ),
    Case(
        search,
        (*SEARCH, "--workdir=/proc/run"),
        "--workdir=/proc/run: cannot be written (No such file or directory); give a folder that can be",
    ),
    Case(
        retrain,
        (*RETRAIN, "--workdir=/proc/run"),
        "--workdir=/proc/run: cannot be written (No such file or directory); give a folder that can be",
    ),
    Case(
        pipeline,
        ("--workdir=run",),
        "--workdir=run/1-search: cannot be written (Not a directory); give a folder that can be",
        written("run", ""),
    ),
    Case(
        ablate,
        ("--workdir=run",),
        "--workdir=run: cannot be written (File exists); give a folder that can be",
        written("run", ""),
    ),
    search_again(
        "--workdir=run holds a search, not a transfer; use another folder", removed("best.json")
    )._replace(binary=transfer, arguments=(*SEARCH, f"--architecture={WIDE}")),
    Case(
        retrain,
        RETRAIN,
        "--workdir=run holds a search, not a retrain; use another folder",
        copied("searched"),
    ),
    Case(
        search, SEARCH, "--workdir=run holds a retrain, not a search; use another folder", copied("retrained")
    ),
    other("population", "8", "9"),
    other("sample", "4", "3"),
    other("seed", "0", "1"),
    other("omega", "-0.07", "-0.1"),
    other("dataset", "fashion_mnist_mini", "npz:mine.npz")._replace(
        files=in_turn(copied("searched"), npz()),
    ),
    other("kernel_choices", "3,5,7", "3,5"),
    other("cycles", "10", "9", "may only be raised"),
    other("patience", "100", "99", "may only be raised"),
    other("distribution", "one_device", "mirrored")._replace(
        arguments=(*SEARCH, "--distribution=mirrored", "--logical_cpus=65"),
        message="flag --logical_cpus=65: …",
    ),
    Case(
        retrain,
        (*RETRAIN, "--epochs=2"),
        f"--epochs: 1 in run, now 2; it cannot change there: {OLD_VALUE}",
        copied("retrained"),
    ),
    search_again("run/config.json: cannot be read (JSONDecodeError: …", text("config.json", "")),
    search_again("run/config.json: cannot be read (JSONDecodeError: …", text("config.json", "{")),
    search_again("run/config.json: cannot be read (UnicodeDecodeError: …", text("config.json", b"\xff\xfe")),
    search_again("run/config.json: cannot be read (RecursionError: …", text("config.json", "[" * 100_000)),
    search_again(f"run/config.json: {SCHEMA}", text("config.json", "[]")),
    search_again(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": 0})),
    search_again(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": 2})),
    search_again(f"run/config.json: {SCHEMA}", edited("config.json", {"schema": GONE})),
    search_again(
        "run/config.json has no settings; restore it or use another folder",
        edited("config.json", {"settings": GONE}),
    ),
    search_again(
        "run/config.json has no settings; restore it or use another folder",
        edited("config.json", {"settings": [1]}),
    ),
    search_again(
        f"--population: many in run, now 8; it cannot change there: {OLD_VALUE}",
        edited("config.json", {"settings/population": "many"}),
    ),
    search_again(
        rf"--[red]\x1b[2J: 1 in run, now None; it cannot change there: {OLD_VALUE}",
        edited("config.json", {f"settings/[red]{CLEAR}": 1}),
    ),
    search_again(
        r"--workdir=run holds a \x1b[2J, not a search; use another folder",
        edited("config.json", {"stage": CLEAR}),
    ),
    search_again(
        "--workdir=run has a journal.jsonl but no config.json of a stage; restore that or use another folder",
        removed("config.json"),
    ),
    Case(
        search,
        SEARCH,
        "--workdir=run has a weights but no config.json of a stage; restore that or use another folder",
        in_turn(folder("run/weights"), written("run/weights/mine.npz", "not ours")),
    ),
    Case(
        search,
        (*SEARCH, "--workdir=."),
        "--workdir=. has a tensorboard but no config.json of a stage; restore that or use another folder",
        in_turn(folder("tensorboard/mine"), written("else", "")),
    ),
    Case(
        search,
        (*SEARCH, "--workdir=."),
        f"config.json: {SCHEMA}",
        written("config.json", '{"theirs": true}'),
    ),
    search_again(
        "run/best.json: cannot be read (JSONDecodeError: …", text("best.json", "{"), "--max_hours=1"
    ),
    search_again(f"run/best.json: {SCHEMA}", edited("best.json", {"schema": 2}), "--max_hours=1"),
]


@numbered("work folders", CASES)
def test_a_work_folder_that_is_not_this_runs_own_is_refused(refusal, case) -> None:
    check(case, refusal(case))


def test_a_work_folder_at_work_is_refused(refusal, sound, tmp_path) -> None:
    copied("searched")(sound)
    message = "--workdir=run: another run is at work there; wait for it or use another folder"
    with FileLock(tmp_path / "run" / "lock"):
        check(case := Case(search, SEARCH, message), refusal(case))


def test_work_folders_that_were_not_damaged_are_gone_on_from(run, sound, capsys) -> None:
    for of, case in (("searched", search_again), ("retrained", retrain_again)):
        copied(of)(sound)
        run(case("", lambda run: None))
        assert WIDE[:3] in capsys.readouterr().out
        shutil.rmtree("run")

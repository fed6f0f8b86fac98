"""Flags: presets, which of two settings wins, and one line for wrong input."""

import dataclasses
import json
import subprocess
import sys

import pytest
from absl import flags as absl_flags
from absl.testing import flagsaver

import eatnas_tf.stages.devices
from eatnas_tf.bin import describe, entry
from eatnas_tf.bin import search as search_binary
from eatnas_tf.bin import transfer as transfer_binary
from eatnas_tf.configs import RetrainConfig, SearchConfig, TransferConfig, settings
from eatnas_tf.errors import InputError
from eatnas_tf.flags import data, evolution, frame, presets, retrain, search, space, training, transfer
from eatnas_tf.stages import plans

KINDS = {  # a preset's last word: what it is for, what the command line has to add, what comes of it
    "search": (search.config, [], SearchConfig),
    "transfer": (transfer.config, ["--from=."], TransferConfig),
    "retrain": (retrain.config, ["--from=."], RetrainConfig),
}
SMALL = (
    "--blocks=5",
    "--strides=1,1,2,1,2",
    "--stem_filters=12",
    "--depth_choices=1,2",
    "--layers=5,8",
    "--expansion=2,8",
    "--population=8",
    "--sample=4",
    "--cycles=10",
)
CODE = "-".join(["mb6_k3_s1_w1.0_d1"] * 5)
GIVEN = CODE.replace("w1.0", "w2.0", 1)  # wide enough for the quickstart
SINGLE = (
    "--conv_choices=sep",
    "--kernel_choices=3",
    "--skip_choices=1",
    "--width_choices=1",
    "--depth_choices=1",
)
ODD = (
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "x",
    ",",
    "1,",
    "1,2",
    "2,1",
    "1,2,3",
    "5,inf",
    "\u0663",
    "9" * 30,
)


@pytest.fixture
def refusal(monkeypatch, capsys, tmp_path):
    """What a binary says when it is called so, having ended with 2 and left no folder behind."""

    def never() -> None:
        raise AssertionError("TensorFlow was about to be loaded")

    def call(binary, *arguments: str) -> str:
        monkeypatch.setattr(entry.app, "run", lambda main, flags_parser: main(flags_parser(sys.argv)))
        monkeypatch.setattr(eatnas_tf.stages.devices, "load_tensorflow", never)
        monkeypatch.setattr(sys, "argv", [binary.__file__, *arguments])
        monkeypatch.chdir(tmp_path)
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as ended:
            entry.run(binary.main)
        said = capsys.readouterr()
        assert ended.value.code == 2
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        assert not list(tmp_path.iterdir())
        program, _, message = said.err.rstrip("\n").partition(": ")
        assert program == binary.__name__.rpartition(".")[2]
        return message

    return call


def test_there_is_a_preset_to_start_with() -> None:
    assert "quickstart_search" in presets.names()


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_makes_the_config_it_is_named_for(name) -> None:
    config, arguments, kind = KINDS[name.rpartition("_")[2]]
    found = presets.configured(name, arguments, config)
    assert type(found) is kind
    names = [line.removeprefix("--").partition("=")[0].removeprefix("no") for line in presets.lines(name)]
    assert len(set(names)) == len(names)
    assert set(names) <= settings(found).keys() | {"distribution", "logical_cpus", "plugins", "preset"}


@pytest.mark.parametrize("name", [name for name in presets.names() if not name.endswith("_retrain")])
def test_a_searching_preset_fits_together(name) -> None:
    config, arguments, _ = KINDS[name.rpartition("_")[2]]
    plans.search(presets.configured(name, arguments, config))


@pytest.mark.parametrize(
    "arguments", [("--population=5", "--sample=3"), ("--population=5", "--sample=3") * 2]
)
def test_the_command_line_wins_over_a_preset(arguments) -> None:
    found = presets.configured("quickstart_search", arguments, search.config).evolution
    preset = presets.configured("quickstart_search", [], search.config).evolution
    assert found == dataclasses.replace(preset, population=5, sample=3)


@pytest.mark.parametrize(
    "argv",
    [
        ("--preset=quickstart_search", "--population=5"),
        ("--population=5", "--preset=quickstart_search"),
        ("--population=5", "--preset", "quickstart_search"),
        ("-population=5", "-preset=quickstart_search"),
    ],
)
def test_the_command_line_wins_wherever_the_preset_stands(argv) -> None:
    with flagsaver.flagsaver():
        assert entry._parse(["search", *argv]) == ["search"]
        found = search.config().evolution
    assert found == dataclasses.replace(
        presets.configured("quickstart_search", [], search.config).evolution, population=5
    )


def test_making_a_config_of_a_preset_leaves_the_flags_alone() -> None:
    with flagsaver.flagsaver():
        entry._parse(["search", "--population=7"])
        presets.configured("quickstart_search", ["--population=5"], search.config)
        assert evolution.POPULATION.value == 7
        assert evolution.CYCLES.value == 1400


def test_without_flags_a_search_is_the_papers() -> None:
    with flagsaver.flagsaver():
        entry._parse(["search"])
        found = search.config()
    assert found == SearchConfig()
    assert (found.evolution.population, found.evolution.sample, found.top_k) == (64, 16, 8)
    assert (found.training.epochs, found.training.batch_size, found.training.learning_rate) == (
        1,
        128,
        0.0256,
    )
    assert (found.training.momentum, found.training.weight_decay) == (0.9, 3e-4)
    assert (found.evolution.objective, found.evolution.target, found.evolution.omega) == (
        "params",
        3e6,
        -0.07,
    )


def test_every_flag_of_a_config_is_a_setting_of_it() -> None:
    modules = {module.__name__ for module in search.MODULES} - {"eatnas_tf.flags.runtime"}
    flags = {flag.name for module in modules for flag in absl_flags.FLAGS.flags_by_module_dict()[module]}
    assert flags | {"seed"} == settings(SearchConfig()).keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--populaton=8"], "Unknown command line flag 'populaton'. Did you mean: population ?"),
        (["--population=many"], "flag --population=many: invalid literal for int() with base 10: 'many'"),
        (["--population=1"], "flag --population=1: 1 is not integer >= 2"),
        (["--cycles=-1"], "flag --cycles=-1: -1 is not a non-negative integer"),
        (
            ["--seed=2147483648"],
            "flag --seed=2147483648: 2147483648 is not an integer in the range [0, 2147483647]",
        ),
        (["--target=0"], "flag --target=0: 0.0 is not number >= 1e-09"),
        (["--inherit=some"], "flag --inherit=some: value should be one of <equal|flexible|none>"),
        (["--width_base=output"], "flag --width_base=output: value should be one of <input|mobilenet_v2>"),
        (["--preset=fast"], f"--preset: 'fast' is not one of {', '.join(presets.names())}"),
        (["--preset"], f"--preset: '--preset' is not one of {', '.join(presets.names())}"),
        (["extra"], "'extra' is not a flag; flags start with -- (see --help)"),
        (["--sample=9"], "--sample: 9 cannot be drawn from --population=8"),
        (["--workdir="], "--workdir is missing; give a folder, new or of an earlier run of this command"),
        (["--strides=1,1"], "--strides: 2 given for --blocks=5; expected one a block"),
        (["--blocks=4"], "--strides: 5 given for --blocks=4; expected one a block"),
        (["--strides=1,x,1,1,1"], "--strides: 'x' is not a whole number of at least 1"),
        (["--strides=1,0,1,1,1"], "--strides: '0' is not a whole number of at least 1"),
        (["--strides="], "--strides: the list is empty; give at least one value"),
        (["--layers=30,40"], "layers: no architecture has 30 to 40; 5 blocks can have 5 to 10"),
        (["--layers=8"], "--layers: '8' is not LO,HI such as 8,16"),
        (["--layers=8,x"], "--layers: '8,x' is not LO,HI such as 8,16"),
        (["--layers=5,inf"], "--layers: '5,inf' is not LO,HI such as 8,16"),
        (["--layers=5.5,8"], "--layers: '5.5,8' is not LO,HI such as 8,16"),
        (["--expansion=2,nan"], "--expansion: '2,nan' is not LO,HI such as 8,16"),
        (["--target=nan"], "--target: nan is not a finite number"),
        (["--validation=inf"], "--validation: inf is not a finite number"),
        (
            ["--train_examples=50000"],
            "--train_examples: 50000 is more than the 5000 training images there are",
        ),
        (
            ["--validation=5000"],
            "--validation: 5000 of 5000 training images; expected at least 1 and fewer than all",
        ),
        (["--layers=9,8"], "--layers: 9 is more than 8; expected LO,HI with LO at most HI"),
        (
            ["--expansion=500,600"],
            "expansion: no architecture has 500 to 600; 5 blocks can have 0.0833333 to 32",
        ),
        (["--conv_choices=sep,mbx"], "no conv op 'mbx' among mb1, mb3, mb6, sep; did you mean 'mb6'?"),
        (["--conv_choices=sep,m_b"], "--conv_choices: 'm_b' is not a word of letters, digits and dots"),
        (["--kernel_choices=3,3"], "primitive kernel: 3, 3 names a value twice"),
        (["--kernel_choices=3,five"], "--kernel_choices: 'five' is not a whole number from 1 to 999"),
        (["--width_choices=0,1"], "--width_choices: '0' is not a number above 0"),
        (
            ["--perturbation=every_blok"],
            "no perturbation 'every_blok' among every_block, one_block, random; did you mean 'every_block'?",
        ),
        (
            ["--mutations=kernal"],
            "no mutation 'kernal' among conv, depth, kernel, skip, width; did you mean 'kernel'?",
        ),
        (["--objective=latency"], "no objective 'latency' among mult_adds, params"),
        (["--primitives=squeeze"], "no primitive 'squeeze' among conv, depth, kernel, skip, width"),
        (
            [*SINGLE, "--layers=", "--expansion="],
            "the space has a single architecture: give some primitive more than one choice",
        ),
        (["--plugins=missing.py"], "--plugins=missing.py: no such Python file"),
        (
            ["--dataset=npz:missing.npz"],
            "missing.npz: no such file; expected an .npz",
        ),
        (["--validation=0"], "--validation: 0 is neither a fraction above 0 and below 1 nor a whole number"),
        (
            ["--validation=1.5"],
            "--validation: 1.5 is neither a fraction above 0 and below 1 nor a whole number",
        ),
        (["--learning_rate=0"], "--learning_rate: 0 is not above 0"),
        (["--logical_cpus=2"], "--logical_cpus splits the CPU for --distribution=mirrored; add that flag"),
        (["--workers=0"], "flag --workers=0: 0 is not an integer in the range [1, 64]"),
        (["--workers=65"], "flag --workers=65: 65 is not an integer in the range [1, 64]"),
        (
            ["--workers=2", "--distribution=mirrored"],
            "--workers: 2 with --distribution=mirrored, which trains one candidate on all devices; "
            "use --workers=1 or --distribution=one_device",
        ),
        (
            ["--seed_architectures=mb6_k3"],
            "--seed_architectures: block 1, skip is missing; expected CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH",
        ),
        (
            [f"--seed_architectures={CODE.replace('k3', 'k9')}"],
            f"--seed_architectures: {CODE.replace('k3', 'k9')} is not in the space: "
            "block 1, kernel: 9 is not one of 3, 5, 7",
        ),
        ([f"--seed_architectures={GIVEN},{GIVEN}"], f"--seed_architectures: {GIVEN} is given twice"),
        (
            [f"--seed_architectures={','.join([GIVEN] * 5)}", "--population=4", "--sample=2"],
            "--seed_architectures: 5 codes for --population=4; give fewer",
        ),
        (["--max_hours=-1"], "flag --max_hours=-1: -1.0 is not"),
        (["--max_hours=nan"], "--max_hours: nan is not a finite number"),
        (["--channels=3"], "channels: 3 was asked for, the dataset has 1; drop the flag"),
    ],
)
def test_wrong_input_to_a_search_is_one_line(refusal, arguments, message) -> None:
    said = refusal(search_binary, "--workdir=run", *SMALL, *arguments)
    assert said.startswith(message)
    assert said == message or "flag --" in message


def test_a_search_without_a_workdir_is_refused(refusal) -> None:
    assert (
        refusal(search_binary)
        == "--workdir is missing; give a folder, new or of an earlier run of this command"
    )


def test_other_than_seven_blocks_need_strides(refusal) -> None:
    assert refusal(search_binary, "--workdir=run", "--blocks=5") == (
        "--strides is missing: the default is for 7 blocks, not 5; give one a block"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of --from=WORKDIR and --architecture=CODE"),
        (["--from=old", f"--architecture={CODE}"], "give one of --from=WORKDIR and --architecture=CODE"),
        (["--from=old"], "old/best.json: no such file; expected the work folder of an earlier stage"),
        (
            ["--architecture=mb6_k3"],
            "--architecture: block 1, skip is missing; expected CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH",
        ),
        (
            ["--architecture=[{}]"],
            "--architecture: block 1, conv is missing; expected CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH",
        ),
        ([f"--architecture={CODE}-{CODE}"], f"{CODE}-{CODE} has 10 blocks; expected 5"),
        ([f"--architecture={CODE.replace('k3', 'k9')}"], "block 1, kernel: 9 is not one of 3, 5, 7"),
    ],
)
def test_wrong_input_to_a_transfer_is_one_line(refusal, arguments, message) -> None:
    assert refusal(transfer_binary, "--workdir=run", *SMALL, *arguments) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--architecture is missing; give a code such as mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1-\u2026"),
        ([f"--architecture={CODE}"], "strides: 7 given for 5 blocks; expected one a block"),
        (
            [f"--architecture={CODE}", "--strides=1,1,1,1,0"],
            "--strides: '0' is not a whole number of at least 1",
        ),
        (
            ["--architecture=mb_k3_s1_w1.0_d1", "--strides=1"],
            "block 1, no conv op 'mb' among mb1, mb3, mb6, sep; did you mean 'mb6'?",
        ),
    ],
)
def test_wrong_input_to_a_description_is_one_line(refusal, arguments, message) -> None:
    assert refusal(describe, *arguments) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--populaton=8"], "search: Unknown command line flag 'populaton'. Did you mean: population ?"),
        (["--population=1"], "search: flag --population=1: 1 is not"),
        (["--workdir=run", "--sample=99"], "search: --sample: 99 cannot be drawn from --population=64"),
        (["--workdir=run", "--dataset=npz:missing.npz"], "search: missing.npz: no such file; expected"),
        (["--workdir=run", "--workers=0"], "search: flag --workers=0: 0 is not an integer in the range"),
    ],
)
def test_wrong_input_ends_a_process_with_2_and_one_line(tmp_path, arguments, message) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eatnas_tf.bin.search", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    sorted(
        flag.name
        for module in (space, evolution, frame, training, data)
        for flag in absl_flags.FLAGS.flags_by_module_dict()[module.__name__]
    ),
)
def test_an_odd_value_is_taken_or_refused(name) -> None:
    for text in ODD:
        try:
            plans.search(presets.configured("quickstart_search", [f"--{name}={text}"], search.config))
        except (absl_flags.Error, InputError) as error:
            assert str(error)  # noqa: PT017


def test_of_another_binarys_preset_the_flags_that_fit_are_taken(monkeypatch, capsys) -> None:
    monkeypatch.setattr(entry.app, "run", lambda main, flags_parser: main(flags_parser(sys.argv)))
    code = "-".join(["sep_k3_s1_w1.0_d1"] * 7)
    arguments = ["describe", "--preset=cifar10_search", f"--architecture={code}", "--format=json"]
    monkeypatch.setattr(sys, "argv", arguments)
    with flagsaver.flagsaver():
        entry.run(describe.main)
    assert json.loads(capsys.readouterr().out)["layers"][0]["output_size"] == [32, 32]


def test_a_description_takes_channels_and_classes_of_its_own(monkeypatch, capsys) -> None:
    monkeypatch.setattr(entry.app, "run", lambda main, flags_parser: main(flags_parser(sys.argv)))
    arguments = ["--channels=1", "--num_classes=10", "--image_size=32", "--strides=2", "--format=json"]
    monkeypatch.setattr(sys, "argv", ["describe", "--architecture=sep_k3_s0_w1.0_d1", *arguments])
    with flagsaver.flagsaver():
        entry.run(describe.main)
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert (layers[0]["inputs"], layers[-1]["outputs"]) == (1, 10)

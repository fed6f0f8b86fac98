"""Flags: presets, and which of two settings wins. What is refused of them is in refusals/."""

import dataclasses
import json
import sys

import pytest
from absl import flags as absl_flags
from absl.testing import flagsaver

from eatnas_tf.bin import describe, entry
from eatnas_tf.configs import RetrainConfig, SearchConfig, TransferConfig, settings
from eatnas_tf.errors import InputError
from eatnas_tf.flags import data, evolution, frame, presets, retrain, search, space, training, transfer
from eatnas_tf.stages import plans

KINDS = {  # a preset's last word: what it is for, what the command line has to add, what comes of it
    "search": (search.config, [], SearchConfig),
    "transfer": (transfer.config, ["--from=."], TransferConfig),
    "retrain": (retrain.config, ["--from=."], RetrainConfig),
}
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


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ([], 2000),
        (["--dataset=fashion_mnist_mini"], 2000),
        (["--dataset=npz:mine.npz"], None),
        (["--dataset", "npz:mine.npz"], None),
        (["--dataset=npz:mine.npz", "--train_examples=50"], 50),
    ],
)
def test_the_number_of_images_in_a_preset_is_for_its_own_dataset(arguments, count) -> None:
    found = presets.configured("quickstart_search", arguments, search.config)
    assert found.data.train_examples == count
    expanded = presets.expanded(["search", "--preset=quickstart_search", *arguments])
    assert ("--train_examples=2000" in expanded) == (count == 2000)

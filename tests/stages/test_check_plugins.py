"""The checker: sound parts hold, and every way of being unsound is named."""

import math
import random
import subprocess
import sys
from functools import partial

import keras
import pytest

from eatnas_tf import registry
from eatnas_tf.layers import (
    Activation,
    BatchNorm,
    ChannelShuffle,
    Concatenate,
    Conv,
    KerasLayer,
    MaxPool,
    conv_ops,
)
from eatnas_tf.space import Primitive, natural
from eatnas_tf.stages.check_plugins import findings_of

pytestmark = pytest.mark.slow


@pytest.fixture
def part(monkeypatch):
    """Registers a part for this test only, and gives its findings."""
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    conv_ops.find.cache_clear()  # every test has a part of the same name

    def found(group, part):
        registry.add(group, "mine", part)
        return findings_of(group, "mine")

    return found


def plain(inputs, outputs, kernel, stride):
    return [
        Conv("conv", inputs, outputs, kernel, stride),
        BatchNorm("bn", outputs),
        Activation("relu", "relu"),
    ]


def outside(architecture, block, space, rng):
    return architecture.replace(block, kernel=9)


def next_block(architecture, block, space, rng):
    kernels = space.primitive("kernel").choices
    return architecture.replace((block + 1) % len(architecture), kernel=rng.choice(kernels))


def unseeded(architecture, block, space, rng):
    return architecture.replace(block, kernel=random.choice((3, 5, 7)))


def idle(architecture, *others):
    return architecture


def unstrided(inputs, outputs, kernel, stride):
    return plain(inputs, outputs, kernel, 1)


def twins(inputs, outputs, kernel, stride):
    return [*plain(inputs, outputs, kernel, stride), BatchNorm("bn", outputs)]


def narrow(inputs, outputs, kernel, stride):
    return plain(inputs, 5, kernel, stride)


def uncounted(inputs, outputs, kernel, stride):
    specs = plain(inputs, outputs, kernel, stride)
    return [*specs, KerasLayer("scale", lambda name: keras.layers.BatchNormalization(name=name))]


def exploding(inputs, outputs, kernel, stride):
    specs = plain(inputs, outputs, kernel, stride)
    return [*specs, KerasLayer("log", lambda name: keras.layers.Rescaling(float("inf"), name=name))]


def nameless(inputs, outputs, kernel, stride):
    """Its kernel's name differs with the width, so that a wider network cannot inherit it."""
    return [Conv(f"conv{outputs}", inputs, outputs, kernel, stride), BatchNorm("bn", outputs)]


def branched(inputs, outputs, kernel, stride):
    """A convolution with a channel shuffle, joined to a pooled branch."""
    return [
        Conv("conv", inputs, outputs, kernel, stride),
        BatchNorm("conv_bn", outputs),
        ChannelShuffle("shuffle", math.gcd(2, outputs)),
        MaxPool("pool", 3, stride, after=("input",)),
        Concatenate("join", after=("shuffle", "pool")),
        Conv("back", inputs + outputs, outputs),
        BatchNorm("back_bn", outputs),
    ]


def primitive(rewrite, **settings):
    return Primitive("mine", "my", (0, 1), natural, **{"default": 0, "rewrite": rewrite, **settings})


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("mutations", "kernel"),
        ("perturbations", "every_block"),
        ("perturbations", "one_block"),
        ("conv_ops", "mb3"),
        ("primitives", "width"),
        ("objectives", "params"),
        ("objectives", "mult_adds"),
    ],
)
def test_built_in_parts_hold(group, name) -> None:
    found = findings_of(group, name)
    assert found.broken == ()
    assert len(found.holds) >= 2


def test_an_operation_with_branches_holds(part) -> None:
    found = part("conv_ops", branched)
    assert found.broken == ()
    assert {"fits its place", "counts", "trains", "saves", "inherits wider"} <= set(found.holds)


@pytest.mark.parametrize(
    ("group", "unsound", "title", "words"),
    [
        ("mutations", outside, "stays in the space", "kernel: 9 is not one of 3, 5, 7"),
        ("mutations", next_block, "edits its block only", "asked to edit block 1, it edited block 2"),
        ("mutations", unseeded, "repeats", "under the same seed differ"),
        ("mutations", idle, "moves", "nothing would be searched"),
        ("mutations", lambda *_: None, "stays in the space", "it gave NoneType back"),
        ("mutations", lambda: None, "stays in the space", "TypeError: "),
        ("perturbations", idle, "moves", "nothing would be searched"),
        ("conv_ops", unstrided, "fits its place", "16 pixels became 16; expected 8"),
        ("conv_ops", twins, "fits its place", "two specs are called 'bn'"),
        ("conv_ops", lambda *_: "conv", "fits its place", "it gave 'conv' back; expected a list of specs"),
        ("conv_ops", narrow, "builds", ""),
        ("conv_ops", uncounted, "counts", "parameters, Keras"),
        ("conv_ops", exploding, "trains", "its loss after one step is no number"),
        ("conv_ops", nameless, "inherits wider", "block1_layer1_conv16/kernel does not inherit from"),
        (
            "primitives",
            primitive(lambda specs, value: specs[:-1]),
            "its default changes nothing",
            "rewrites a sep",
        ),
        ("primitives", primitive(None, default=None), "its default changes nothing", "it has no default"),
        ("primitives", Primitive("mine", "k", (0, 1), natural, 0), "reads back", "share the key 'k'"),
        ("objectives", lambda network: -1.0, "measures", "needs a finite number above 0"),
        ("objectives", lambda network: random.random(), "measures", "a search would not repeat"),
        ("objectives", lambda network: "small", "measures", "it gave 'small' back; expected a number"),
    ],
)
def test_an_unsound_part_is_named_with_the_reason(part, group, unsound, title, words) -> None:
    found = part(group, unsound)
    reasons = dict(found.broken)
    assert title in reasons
    assert words in reasons[title]
    assert "\n" not in reasons[title]


def test_a_part_that_does_not_load_is_a_finding(part, monkeypatch) -> None:
    broken = partial(pytest.fail, "not to be called")
    monkeypatch.setattr(registry, "get", lambda group, name: registry._load(group, Unloadable()))
    found = part("objectives", broken)
    assert found.holds == ()
    assert "does not load: ImportError: gone" in dict(found.broken)["loads"]


class Unloadable:
    name, dist = "mine", None

    def load(self):
        raise ImportError("gone")


def test_the_binary_exits_with_1_if_something_does_not_hold(tmp_path) -> None:
    (tmp_path / "mine.py").write_text(
        'PARTS = {"mutations": {"grow": lambda architecture, *_: architecture}}'
    )
    command = [sys.executable, "-m", "eatnas_tf.bin.check_plugins", "--plugins=mine.py"]
    wrong = subprocess.run(
        [*command, "--parts=grow,kernel"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1, wrong.stderr
    assert "moves: 100 children are as their parents; nothing would be searched" in wrong.stdout
    assert "1 of 3 parts do not hold" in wrong.stdout  # kernel is a mutation and a primitive
    right = subprocess.run(
        [*command, "--parts=params"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (right.returncode, right.stdout.splitlines()[-1]) == (0, "all hold")
    missed = subprocess.run(
        [*command, "--parts=kernal"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert missed.returncode == 2
    (line,) = missed.stderr.splitlines()
    assert line.startswith(
        "check_plugins: --parts: no part 'kernal' among conv, depth, every_block, evolution, grow, "
    )
    assert line.endswith("; did you mean 'kernel'?")

"""The Python of the reference pages and of the README's plugin section runs as it is printed."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import eatnas_tf
from eatnas_tf import registry
from eatnas_tf.errors import InputError
from eatnas_tf.layers import Frame, expand, is_measured
from eatnas_tf.mutations import operators
from eatnas_tf.searches import Problem
from eatnas_tf.space import STANDARD, Architecture, SearchSpace
from eatnas_tf.stages import claims, strategy_claims

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="the documentation lies in a checkout only")


def run(text: str) -> dict:
    """The names that the Python blocks of a page define, in one namespace."""
    scope: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(block, scope)
    return scope


def page(name: str) -> dict:
    return run((DOCS / name).read_text(encoding="utf-8"))


def test_the_page_of_specs_has_conv_ops_that_hold() -> None:
    scope = page("specs.md")
    for name in ("separable", "scaled"):
        for claim in claims.CLAIMS["conv_ops"].values():
            claim(scope[name])


def test_the_page_of_the_score_has_its_numbers_and_a_measured_objective() -> None:
    assert is_measured(page("score.md")["latency"])


def test_an_objective_measures_a_keras_model(strategy) -> None:
    frame = Frame(8, 1, 3, stem_filters=2, strides=(1,), head_filters=4)
    network = expand(Architecture.parse("sep_k3_s1_w1.0_d1"), frame)
    assert page("score.md")["latency"](network) > 0


def test_the_page_of_callbacks_has_callbacks_that_hear_and_end() -> None:
    scope = page("callbacks.md")
    diary, code = scope["Diary"](), Architecture.parse("sep_k3_s1_w1.0_d1")
    one = SimpleNamespace(architecture=code, score=0.5, measurement=SimpleNamespace(accuracy=0.96))
    diary.on_candidate(one, SimpleNamespace(best=one))
    diary.on_epoch("final", SimpleNamespace(number=1, loss=0.25))
    assert diary.lines == [f"{code} 0.500, best 0.500", "final epoch 1: loss 0.250"]
    with pytest.raises(eatnas_tf.Enough, match="95 % reached"):
        scope["GoodEnough"]().on_candidate(one, None)


def test_the_page_of_strategies_has_a_strategy_that_holds() -> None:
    (make,) = page("strategies.md")["PARTS"]["strategies"].values()
    for claim in strategy_claims.CLAIMS.values():
        claim(make)


def test_the_strategy_of_the_page_takes_a_size_as_its_argument() -> None:
    make = page("strategies.md")["ageing"]
    problem = Problem(SearchSpace(2), lambda parent, rng: parent, sample=4)
    assert [make(replace(problem, argument=text)).sample for text in ("", "7")] == [4, 7]
    with pytest.raises(InputError, match="ageing:5"):
        make(replace(problem, argument="five"))


def test_the_parts_of_the_readme_hold(monkeypatch) -> None:
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    scope = run(readme.partition("## Your own parts")[2].partition("\n## ")[0])
    for group, parts in scope["PARTS"].items():
        for part in parts.values():
            for claim in claims.CLAIMS[group].values():
                claim(part)
    for claim in claims.CLAIMS["primitives"].values():
        claim(scope["ACT"])
    for claim in claims.CLAIMS["perturbations"].values():
        claim(scope["first_block"])
    assert set(operators(SearchSpace(2, (*STANDARD, scope["ACT"])))) >= {"act", "kernel"}

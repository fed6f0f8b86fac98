"""Candidates whose evaluation raises: scored 0 and blamed on a part; three in a row end a search."""

import errno
from functools import partial
from random import Random

import pytest

from eatnas_tf import durable, registry
from eatnas_tf.errors import InputError, PartError, reason
from eatnas_tf.layers import Activation, BatchNorm, Conv, Frame, conv_ops, expand
from eatnas_tf.mutations import operators
from eatnas_tf.searches import Candidate, Individual, Measurement, Task
from eatnas_tf.space import STANDARD, Architecture, Primitive, SearchSpace
from eatnas_tf.stages.failures import Streak, Surviving, blamed, ending
from eatnas_tf.stages.workdir import Workdir

MINE = "mine_k3_s1_w1.0_d1"
OURS = "sep_k3_s1_w1.0_d1"
FRAME = Frame(16, 1, 3, stem_filters=7, strides=(1,))


def even_only(inputs, outputs, kernel, stride):
    if inputs % 2:
        raise ValueError(f"{inputs} channels cannot be halved")
    return [Conv("conv", inputs, outputs, kernel, stride), BatchNorm("bn", outputs), Activation("a", "relu")]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(registry, "_added", {group: {} for group in registry.GROUPS})
    conv_ops.find.cache_clear()
    registry.add("conv_ops", "mine", even_only)
    yield
    conv_ops.find.cache_clear()


@pytest.fixture
def workdir(tmp_path) -> Workdir:
    return Workdir(tmp_path)


def raising(error: Exception):
    def evaluate(task: Task) -> Measurement:
        raise error

    return evaluate


def task(code: str = MINE, number: int = 5) -> Task:
    return Task(Candidate(number, Architecture.parse(code)))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_candidates_failure(workdir, number) -> None:
    evaluate = Surviving(raising(OSError(number, "full", "tmp/x.py")), lambda code: 1.0, workdir)
    with pytest.raises(durable.WriteError) as full:
        evaluate(task())
    assert (full.value.errno, full.value.filename) == (number, "tmp/x.py")


def failure(number: int, *parts: str) -> Individual:
    details = {"failed": "ValueError: odd", "parts": list(parts)}
    return Individual(task(number=number).candidate, Measurement(0.0, 1.0, details=details), 0.0, 0)


def test_a_conv_op_that_raises_is_named_with_its_block() -> None:
    with pytest.raises(PartError) as refused:
        expand(Architecture.parse(MINE), FRAME)
    line = even_only.__code__.co_firstlineno + 2
    assert str(refused.value) == (
        "block 1, conv op 'mine': ValueError: 7 channels cannot be halved "
        f"(test_failures.py, line {line}) (check_plugins tells more)"
    )
    assert refused.value.part == "conv op 'mine'"


def test_a_primitive_that_raises_is_named() -> None:
    half = Primitive("half", "h", ("no", "yes"), default="no", rewrite=lambda specs, value: specs[99])
    code = Architecture.parse(f"{OURS}_hyes", (*STANDARD, half))
    with pytest.raises(PartError, match="block 1, primitive 'half': IndexError"):
        expand(code, FRAME)


def test_a_mutation_that_raises_is_named(monkeypatch) -> None:
    def broken(architecture, block, space, rng):
        return {}["kernel"]

    registry.add("mutations", "broken", broken)
    space = SearchSpace(blocks=1)
    mutation = operators(space, ("broken",))["broken"]
    with pytest.raises(PartError) as refused:
        mutation(space.sample(Random(0)), 0, space, Random(0))
    line = broken.__code__.co_firstlineno + 1
    assert str(refused.value) == f"mutation 'broken': KeyError: 'kernel' (test_failures.py, line {line})"


def test_a_candidate_that_raises_scores_0_with_reason_and_part_and_leaves_its_traceback(workdir) -> None:
    def evaluate(one: Task) -> Measurement:
        expand(one.candidate.architecture, FRAME)
        raise AssertionError

    found = Surviving(evaluate, lambda architecture: 9.0, workdir)(task())
    assert (found.accuracy, found.size) == (0.0, 9.0)
    assert found.details["parts"] == ["conv op 'mine'"]
    assert "block 1, conv op 'mine': ValueError: 7 channels" in found.details["failed"]
    told = workdir.failure_of(5).read_text()
    assert told.startswith(MINE)
    assert "even_only" in told


def test_a_layer_that_keras_refuses_is_blamed_on_the_architectures_parts(workdir) -> None:
    found = Surviving(raising(ValueError("groups")), lambda architecture: 1.0, workdir)(task())
    assert found.details == {"failed": "conv op 'mine': ValueError: groups", "parts": ["conv op 'mine'"]}


def test_an_error_without_a_part_of_others_blames_none(workdir) -> None:
    found = Surviving(raising(ValueError("ours")), lambda architecture: 1.0, workdir)(task(OURS))
    assert found.details == {"failed": "ValueError: ours", "parts": []}


def test_of_several_parts_the_one_whose_file_raised_is_blamed(tmp_path) -> None:
    path = tmp_path / "other.py"
    path.write_text("def rewritten(specs, value):\n    return 1 / 0\n")
    scope: dict = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    other = Primitive("other", "o", ("no", "yes"), default="no", rewrite=scope["rewritten"])
    code = Architecture.parse(f"{MINE}_oyes", (*STANDARD, other))
    with pytest.raises(ZeroDivisionError) as raised:
        scope["rewritten"]((), "yes")
    assert blamed(raised.value, code) == ("primitive 'other'",)
    assert blamed(ValueError("keras"), code) == ("conv op 'mine'", "primitive 'other'")


@pytest.mark.parametrize("error", [InputError("no images"), durable.WriteError(28, "full", "x")])
def test_what_is_not_the_candidates_fault_still_ends_the_search(workdir, error) -> None:
    with pytest.raises(type(error)):
        Surviving(raising(error), lambda architecture: 1.0, workdir)(task())


def test_a_lack_of_memory_ends_a_workers_process_and_fails_a_candidate_without_one(workdir) -> None:
    evaluate = raising(MemoryError("2 GB"))
    with pytest.raises(MemoryError):
        Surviving(evaluate, lambda architecture: 1.0, workdir, ends_process=True)(task())
    found = Surviving(evaluate, lambda architecture: 1.0, workdir)(task())
    assert found.details == {"failed": "MemoryError: 2 GB", "parts": []}


def test_three_failures_in_a_row_from_a_part_end_the_search_with_one_line(workdir) -> None:
    streak = Streak(workdir)
    streak.take(failure(0, "conv op 'mine'", "primitive 'a'"))
    streak.take(failure(1, "conv op 'mine'"))
    with pytest.raises(InputError) as ended:
        streak.take(failure(2, "primitive 'b'", "conv op 'mine'"))
    message = str(ended.value)
    assert message.startswith(f"3 candidates in a row failed in conv op 'mine', the last one, {MINE}, with ")
    assert "repeat the command, which goes on from here, or leave it out of --conv_choices" in message
    assert "\n" not in message


def test_three_failures_without_a_part_say_that_it_is_a_bug(workdir) -> None:
    streak = Streak(workdir)
    take = [partial(streak.take, failure(number)) for number in range(3)]
    take[0]()
    take[1]()
    with pytest.raises(InputError, match="no part of yours is involved: see the traceback in"):
        take[2]()


def test_a_success_another_part_or_a_lost_worker_breaks_the_row(workdir) -> None:
    streak = Streak(workdir)
    good = Individual(task().candidate, Measurement(0.5, 1.0, details={"loss": 1.0}), 0.5, 0)
    lost = Individual(task().candidate, Measurement(0.0, 1.0, details={"failed": "worker died"}), 0.0, 0)
    for between in (good, lost, failure(3, "conv op 'other'")):
        streak.take(failure(0, "conv op 'mine'"))
        streak.take(failure(1, "conv op 'mine'"))
        streak.take(between)


def test_a_part_that_raises_ends_a_retraining_with_its_name_and_a_traceback(workdir) -> None:
    architecture = Architecture.parse(MINE)
    expected = r"conv op 'mine': ValueError: 7 channels .*, in mine_k3_s1_w1\.0_d1"
    with pytest.raises(InputError, match=expected), ending(1, architecture, workdir):
        even_only(7, 8, 3, 1)
    assert "even_only" in workdir.failure_of(1).read_text()


def test_what_a_callback_raises_in_a_retraining_stays_what_it_is(workdir) -> None:
    def on_epoch() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match=r"^mine$"), ending(1, Architecture.parse(MINE), workdir):
        on_epoch()
    with pytest.raises(ValueError, match=r"^ours$"), ending(1, Architecture.parse(OURS), workdir):
        raise ValueError("ours")
    assert not workdir.failure_of(1).exists()


def test_what_a_layer_said_is_told_and_not_that_keras_called_it() -> None:
    said = "Exception encountered when calling C.call().\n\n\x1b[1modd in call\x1b[0m\n\nArguments received"
    assert reason(RuntimeError(said)) == "RuntimeError: odd in call"
    assert reason(RuntimeError(" \n")) == "RuntimeError"

"""The journal: what it holds, drops and refuses."""

import errno
import json
import math
import os
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf import durable, registry
from eatnas_tf.errors import InputError
from eatnas_tf.mutations import operators
from eatnas_tf.searches import (
    Candidate,
    Individual,
    Journal,
    Ledger,
    Limits,
    Measurement,
    Score,
    Search,
    random_population,
    run,
)
from eatnas_tf.searches.journal import FIELDS, individuals, line_of
from eatnas_tf.space import Architecture, Change, SearchSpace
from eatnas_tf.strategies.evolution import Evolution

CODES = ("sep_k3_s1_w1.0_d1", "mb3_k5_s0_w0.5_d2", "mb6_k7_s1_w2.0_d4")
HEADER = b'{"schema": 1}\n'
ADVICE = "restore the line, or cut the file before it to go on from there"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


@pytest.fixture(scope="module")
def reused(tmp_path_factory):
    """A path for examples drawn one after another."""
    return tmp_path_factory.mktemp("journal") / "journal.jsonl"


def _opened(path, data: bytes | None = None, append=()) -> Journal:
    """The journal at `path`, of these bytes and lines, closed again."""
    if data is not None:
        path.write_bytes(data)
    with Journal(path) as journal:
        for line in append:
            journal.append(line)
    return journal


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _individual(number: int, **changes) -> Individual:
    candidate = Candidate(
        number,
        Architecture.parse(CODES[number % 3]),
        number - 1 if number else None,
        (Change(1, "kernel", 3, 5),) if number else (),
    )
    measurement = Measurement(0.25 + number / 7, 12345 + number, 1.5, {"loss": 0.5})
    return Individual(
        **{
            "candidate": candidate,
            "measurement": measurement,
            "score": 0.1 + number / 3,
            "cycle": number,
            "replaced": 7 if number else None,
            **changes,
        }
    )


def test_a_new_journal_is_a_header(path) -> None:
    assert _opened(path).lines == []
    assert path.read_bytes() == HEADER
    assert _opened(path).lines == []


def test_individuals_survive_the_journal_exactly(path) -> None:
    _opened(path, append=[line_of(_individual(number), 0.5 if number > 2 else None) for number in range(5)])
    assert list(individuals(_opened(path))) == [_individual(number) for number in range(5)]


@given(accuracy=st.floats(0, 1), size=st.floats(1, 1e12) | st.integers(1, 10**12), score=st.floats(0, 10))
def test_numbers_survive_the_journal_bit_for_bit(reused, accuracy, size, score) -> None:
    reused.unlink(missing_ok=True)
    _opened(
        reused, append=[line_of(_individual(1, measurement=Measurement(accuracy, size), score=score), None)]
    )
    (found,) = individuals(_opened(reused))
    assert (found.measurement.accuracy, found.measurement.size, found.score) == (accuracy, size, score)


def test_a_diverged_candidate_survives_the_journal(path) -> None:
    _opened(path, append=[line_of(_individual(1, measurement=Measurement(math.nan, 10), score=0.0), None)])
    (found,) = individuals(_opened(path))
    assert math.isnan(found.measurement.accuracy)


def test_a_failed_candidate_keeps_its_reason(path) -> None:
    reason = {"failed": "worker died twice (SIGKILL; out of memory?)"}
    _opened(path, append=[line_of(_individual(1, measurement=Measurement(0.0, 10, 0.0, reason)), None)])
    (found,) = individuals(_opened(path))
    assert found.measurement == Measurement(0.0, 10, 0.0, reason)


@pytest.mark.parametrize(
    ("metrics", "written"),
    [
        ({"accuracy": 0.5}, {"accuracy": 0.5}),
        ({"accuracy": 0.5, "top5": 0.75}, {"accuracy": 0.5, "metrics": {"top5": 0.75}}),
        ({"closeness": 0.25, "rmse": 3.0}, {"metrics": {"closeness": 0.25, "rmse": 3.0}}),
    ],
)
def test_metrics_other_than_the_accuracy_are_in_a_field_of_their_own(path, metrics, written) -> None:
    measurement = Measurement(size=10, details={"loss": 1.0}, metrics=metrics)
    line = line_of(_individual(1, measurement=measurement), None)
    assert {name: line[name] for name in ("accuracy", "metrics") if name in line} == written
    _opened(path, append=[line])
    (found,) = individuals(_opened(path))
    assert found.measurement == measurement


@pytest.mark.parametrize(
    ("metrics", "wrong"),
    [
        (None, "accuracy is missing"),
        ({}, "accuracy is missing"),
        ({"rmse": "3"}, "an object of numbers"),
    ],
)
def test_a_line_without_metrics_or_with_others_than_numbers_is_refused(path, metrics, wrong) -> None:
    line = line_of(_individual(1), None)
    del line["accuracy"]
    _opened(path, append=[line if metrics is None else {**line, "metrics": metrics}])
    with pytest.raises(InputError, match=wrong):
        list(individuals(_opened(path)))


def test_what_a_candidate_looks_like_in_the_file() -> None:
    line = line_of(_individual(1), quality=0.75)
    assert line["mutated"] == [[1, "kernel", 3, 5]]
    assert (line["id"], line["parent"], line["architecture"]) == (1, 0, CODES[1])
    assert (line["quality"], line["loss"], line["seconds"], line["replaced"]) == (0.75, 0.5, 1.5, 7)
    assert tuple(line) == (*FIELDS, "loss")
    assert "\n" not in json.dumps(line)


@pytest.mark.parametrize("torn", [b'{"id"', b"{", b'{"id": 2}', b"\x00\xff"])
def test_a_torn_last_line_is_dropped_and_cut_from_the_file(path, torn) -> None:
    whole = HEADER + b'{"id": 0}\n{"id": 1}\n'
    journal = _opened(path, whole + torn)
    assert journal.lines == [{"id": 0}, {"id": 1}]
    assert path.read_bytes() == whole


def test_a_line_after_a_torn_one_is_whole(path) -> None:
    _opened(path, HEADER + b'{"id": 0}\n{"id', append=[{"id": 1}])
    assert path.read_bytes() == HEADER + b'{"id": 0}\n{"id": 1}\n'


def test_a_line_that_the_disk_takes_a_part_of_does_not_count_and_the_next_one_does(path, full_after) -> None:
    with Journal(path) as journal:
        journal.append({"id": 0})
        whole = path.read_bytes()
        with full_after(len(whole) + 4), pytest.raises(durable.WriteError) as failed:
            journal.append({"id": 1})
        assert (failed.value.filename, failed.value.strerror) == (str(path), "File too large")
        assert journal.lines == [{"id": 0}]
        assert path.read_bytes() == whole
        journal.append({"id": 2})
    assert _opened(path).lines == [{"id": 0}, {"id": 2}]


def test_a_line_that_cannot_be_flushed_does_not_count(path, monkeypatch) -> None:
    with Journal(path) as journal, monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(durable.WriteError, match="No space left on device"):
            journal.append({"id": 0})
    assert path.read_bytes() == HEADER


def test_a_header_that_cannot_be_written_leaves_nothing_that_a_retry_stumbles_over(path, full_after) -> None:
    with full_after(5), pytest.raises(durable.WriteError, match="File too large"), Journal(path):
        pass
    assert path.read_bytes() == b""
    assert _opened(path, append=[{"id": 0}]).lines == [{"id": 0}]
    assert path.read_bytes().startswith(HEADER)


def test_a_journal_that_cannot_be_read_is_refused(path) -> None:
    path.mkdir()
    with pytest.raises(InputError) as refused:
        Journal(path)
    assert str(refused.value) == f"{path}: cannot be read (Is a directory); make it readable"


@pytest.mark.parametrize("data", [b"", b'{"sche'])
def test_a_journal_torn_in_its_header_begins_anew(path, data) -> None:
    assert _opened(path, data).lines == []
    assert path.read_bytes() == HEADER


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"[1]", "b'[1]'"),
        (b'{"id": 1', "b'{\"id\": 1'"),
        (b"", "b''"),
        (b"null", "b'null'"),
        (b"\xff\xfe", "b'\\xff\\xfe'"),
        (b"x" * 100, f"b'{'x' * 40}'"),
    ],
)
def test_a_line_in_the_middle_that_cannot_be_read_is_named(path, line, shown) -> None:
    data = HEADER + b'{"id": 0}\n' + line + b'\n{"id": 2}\n'
    with pytest.raises(InputError) as refused:
        _opened(path, data)
    assert str(refused.value) == f"{path}, line 3: {shown} is not a JSON object; {ADVICE}"
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("header", "schema"), [(b'{"schema": 2}', "2"), (b'{"id": 0}', "None"), (b"{}", "None")]
)
def test_another_schema_is_refused(path, header, schema) -> None:
    with pytest.raises(InputError) as refused:
        _opened(path, header + b'\n{"id": 0}\n')
    assert str(refused.value) == (
        f"{path}: schema {schema}, this version reads 1; use the version of eatnas_tf that wrote it"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"architecture": "mb6_k3"}, "block 1, skip is missing"),
        ({"architecture": 5}, "architecture is 5; expected text"),
        ({"id": True}, "id is True; expected a whole number"),
        ({"id": -1}, "id is -1; expected a whole number"),
        ({"parent": "0"}, "parent is '0'; expected a whole number or null"),
        ({"accuracy": "high"}, "accuracy is 'high'; expected a number"),
        ({"size": math.inf}, "size is inf; expected a number above 0"),
        ({"size": 0}, "size is 0; expected a number above 0"),
        ({"score": math.nan}, "score is nan; expected a number"),
        ({"cycle": 1.5}, "cycle is 1.5; expected a whole number"),
        ({"replaced": []}, "replaced is []; expected a whole number or null"),
        ({"mutated": [[1, "kernel"]]}, "mutated is [[1, 'kernel']]; expected a list of block, primitive"),
        ({"mutated": None}, "mutated is None; expected a list of block, primitive, old and new value"),
        ({"score": ...}, "score is missing"),
    ],
)
def test_a_line_that_is_no_candidate_is_named(path, changes, reason) -> None:
    line = {
        name: value
        for name, value in {**line_of(_individual(1), None), **changes}.items()
        if value is not ...
    }
    whole = json.dumps(line_of(_individual(0), None)).encode()
    journal = _opened(path, HEADER + whole + b"\n" + json.dumps(line).encode() + b"\n")
    with pytest.raises(InputError) as refused:
        list(individuals(journal))
    assert str(refused.value).startswith(f"{path}, line 3: not a candidate ({reason}")
    assert str(refused.value).endswith(ADVICE)


@given(
    st.binary() | st.lists(st.binary(max_size=8) | st.sampled_from([HEADER, b"{}\n", b"\n"])).map(b"".join)
)
def test_any_bytes_are_read_or_refused(reused, data) -> None:
    try:
        journal = _opened(reused, data)
    except InputError:
        return
    assert all(isinstance(line, dict) for line in journal.lines)
    assert reused.read_bytes().startswith(b'{"schema"') or not data.startswith(HEADER)
    assert _opened(reused, reused.read_bytes()).lines == journal.lines


def _search() -> Search:
    space = SearchSpace(2)
    perturb = partial(registry.get("perturbations", "every_block"), space=space, mutations=operators(space))
    strategy = Evolution(lambda code, rng: perturb(code, rng=rng), 2)
    return Search(random_population(space, 4, seed=0), strategy, Ledger(4, Score(100), limits=Limits(6)))


@pytest.fixture(scope="module")
def searched(tmp_path_factory) -> bytes:
    """A whole search's journal."""
    search, path = _search(), tmp_path_factory.mktemp("searched") / "journal.jsonl"
    with Journal(path) as journal:
        run(
            search,
            lambda candidate: Measurement(candidate.id / 10, 50 + candidate.id, 1.0),
            lambda individual: journal.append(line_of(individual, search.ledger.quality)),
        )
    return path.read_bytes()


@st.composite
def damages(draw):
    """A function from a journal's bytes to others: bytes or lines changed, put in, taken out, doubled."""
    place, size = draw(st.integers(0, 2**16)), draw(st.integers(0, 3))
    put = draw(
        st.binary(max_size=3) | st.sampled_from([b"\n", b"\r", b"1", b'"', b"-", b"e9", b"null", b"\x00"])
    )

    def in_bytes(data: bytes) -> bytes:
        start = place % (len(data) + 1)
        return data[:start] + put + data[start + size :]

    def in_lines(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        start = place % (len(lines) + 1)
        return b"".join(lines[:start] + lines[:size] + lines[start + size :])

    return draw(st.sampled_from([in_bytes, in_lines]))


@given(damages())
def test_a_damaged_journal_is_restored_line_by_line_or_refused_and_left_as_it_is(
    reused, searched, damage
) -> None:
    data = damage(searched)
    reused.write_bytes(data)
    search, told = _search(), 0
    try:
        for individual in individuals(Journal(reused)):
            search.restore(individual)
            told += 1
    except InputError:
        told = None
    assert told in (None, max(0, data.count(b"\n") - 1))
    assert reused.read_bytes() == data


FIELD = st.sampled_from(FIELDS) | st.just("schema")


@given(st.integers(0, 10), st.dictionaries(FIELD, JSON | st.integers(-2, 12), min_size=1), st.booleans())
def test_a_journal_with_changed_fields_is_restored_or_refused(
    reused, searched, number, changes, removed
) -> None:
    lines = [json.loads(line) for line in searched.splitlines()]
    lines[number] |= changes
    if removed:
        del lines[number][min(changes)]
    reused.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    search = _search()
    try:
        for individual in individuals(Journal(reused)):
            search.restore(individual)
    except InputError:
        return
    assert search.ledger.evaluations == len(lines) - 1


def test_json_too_deep_to_read_is_refused(tmp_path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"schema": 1}\n' + b"[" * 100_000 + b"\n")
    with pytest.raises(InputError, match="line 2"):
        Journal(path)


def test_a_line_may_hold_numbers_of_numpy(tmp_path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.append({"accuracy": np.float32(0.5), "size": np.int64(3)})
    assert Journal(tmp_path / "journal.jsonl").lines == [{"accuracy": 0.5, "size": 3}]

"""Journals of a search that goes on."""

from typing import Any

from eatnas_tf.bin import search

from .commands import ADVICE, CLEAR, ONE, PATTERN, SEARCH, WIDE, search_again
from .damage import GONE, Damage, copied, line, lines, removed
from .harness import Case, check, numbered


def of_line(number: int, reason: str, /, **changes: Any) -> Case:
    return search_again(
        f"run/journal.jsonl, line {number}: not a candidate ({reason}); {ADVICE}", line(number, **changes)
    )


def unread(number: int, shown: str, content: bytes) -> Case:
    """A line of the journal that is no JSON object."""

    def put(found: list[bytes]) -> None:
        found[number - 1] = content

    message = f"run/journal.jsonl, line {number}: {shown} is not a JSON object; {ADVICE}"
    return search_again(message, lines(put))


def misplaced(number: int, candidate: int, reason: str, damage: Damage) -> Case:
    return search_again(f"run/journal.jsonl, line {number}: candidate {candidate} {reason}; {ADVICE}", damage)


CASES = [
    search_again(
        "run/journal.jsonl: schema 0, this version reads 1; use the version of eatnas_tf that wrote it",
        line(1, schema=0),
    ),
    search_again(
        "run/journal.jsonl: schema 2, this version reads 1; use the version of eatnas_tf that wrote it",
        line(1, schema=2),
        "--cycles=20",
    ),
    search_again(
        "run/journal.jsonl: schema None, this version reads 1; use the version of eatnas_tf that wrote it",
        lines(lambda found: found.pop(0)),
    ),
    unread(3, "b'{\"id\": 1'", b'{"id": 1\n'),
    unread(3, "b''", b"\n"),
    unread(3, "b'null'", b"null\n"),
    unread(5, r"b'\xff\xfe'", b"\xff\xfe\n"),
    unread(5, r"b'\x1b[2J'", b"\x1b[2J\n"),
    unread(1, "b'schema'", b"schema\n"),
    unread(2, f"{b'[' * 40!r}", b"[" * 100_000 + b"\n"),
    unread(19, "b'{\"id\": 1'", b'{"id": 1\n{"id": 2'),  # and a torn line behind it
    of_line(2, "id is missing", id=GONE),
    of_line(2, "id is '0'; expected a whole number", id="0"),
    of_line(2, "id is -1; expected a whole number", id=-1),
    of_line(2, "id is True; expected a whole number", id=True),
    of_line(3, "architecture is 5; expected text", architecture=5),
    of_line(3, f"block 1, skip is missing; expected {PATTERN}", architecture="mb6_k3"),
    search_again(  # the line may be sound, so that nothing is said of cutting it
        f"run/journal.jsonl, line 3: block 1, 'x1' is no primitive; expected {PATTERN}; "
        "one of your own needs --plugins",
        line(3, architecture=f"{ONE}_x1"),
    ),
    of_line(
        3, r"block 1, kernel: '3\x1b[2J' is not a whole number from 1 to 999", architecture=f"mb6_k3{CLEAR}"
    ),
    of_line(3, "parent is 0.5; expected a whole number or null", parent=0.5),
    of_line(3, "mutated is None; expected a list of block, primitive, old and new value", mutated=None),
    of_line(3, "mutated is [3]; expected a list of block, primitive, old and new value", mutated=[3]),
    of_line(3, "accuracy is 'high'; expected a number", accuracy="high"),
    of_line(3, "accuracy is inf; expected a number", accuracy=float("inf")),
    of_line(3, "size is nan; expected a number above 0", size=float("nan")),
    of_line(3, "score is nan; expected a number", score=float("nan")),
    of_line(3, "score is None; expected a number", score=None),
    of_line(3, "seconds is []; expected a number", seconds=[]),
    of_line(3, "cycle is 1.5; expected a whole number", cycle=1.5),
    of_line(12, "replaced is 'x'; expected a whole number or null", replaced="x"),
    misplaced(4, 1, "comes twice", lines(lambda found: found.insert(3, found[2]))),
    misplaced(3, 1, "has the score 9, where its accuracy and size make 0.0130002", line(3, score=9)),
    misplaced(3, 1, "is of cycle 1, where 0 comes next", line(3, cycle=1)),
    misplaced(10, 9, "is of cycle 2, where 1 comes next", lines(lambda found: found.pop(9))),
    misplaced(9, 8, "is of cycle 1, where 0 comes next", lines(lambda found: found.pop(4))),
    misplaced(12, 10, "has a parent 99 that did not come before it", line(12, parent=99)),
    misplaced(12, 10, "replaces 99, which is not alive", line(12, replaced=99)),
    misplaced(12, 10, "replaces None, which is not alive", line(12, replaced=None)),
    search_again("run/journal.jsonl, line 4: candidate 2 was …", line(4, architecture=WIDE)),
    search_again(
        "run/journal.jsonl, line 11: candidate 9 is not in the space "
        f"(block 1, kernel: 9 is not one of 3, 5, 7); {ADVICE}",
        line(11, architecture=WIDE.replace("k3", "k9")),
    ),
    Case(
        search,
        SEARCH,
        "run/journal.jsonl: cannot be read (Is a directory); make it readable",
        copied("searched", lambda run: (removed("journal.jsonl")(run), (run / "journal.jsonl").mkdir())),
    ),
]


@numbered("journals", CASES)
def test_a_journal_that_does_not_hold_together_is_refused(refusal, case) -> None:
    check(case, refusal(case))

"""Wrong input of every kind: one line, exit code 2, nothing on standard output, nothing written.

A test module a subject. In it `CASES` is a table of commands with what they say: a new refusal gets its line
there, such as

    Case(search, (*SEARCH, "--dataset=npz:mine.npz"), "mine.npz: not a …", written("mine.npz", ""))

`harness` says what a case is and what is asked of it, `conftest` runs it, `damage` makes the files that it
finds, `commands` has what several tables share.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.harness")  # so that its asserts show what they compare

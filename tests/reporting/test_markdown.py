import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.reporting.markdown import cell, escaped
from eatnas_tf.space import Architecture

pytestmark = pytest.mark.filterwarnings("ignore:html5lib's sanitizer:DeprecationWarning")  # TensorBoard's


def _rendered(markdown: str) -> str:
    from tensorboard.plugin_util import markdown_to_safe_html

    return html.unescape(re.sub(r"</?p>", "", markdown_to_safe_html(markdown)))


@pytest.mark.parametrize(
    "name",
    [
        "a_b_c",
        "**x**",
        "<b>x</b>",
        "`code`",
        "[a](http://b)",
        "# x",
        "1. x",
        "- x",
        "a|b",
        "&amp;",
        "\\*",
        "~~x~~",
        "x\ny",
    ],
)
def test_what_is_escaped_is_shown_as_it_is(name) -> None:
    assert _rendered(escaped(name)) == name.replace("\n", "\\n")


@given(st.text("ab1 _*`#<>&[]()!|~\\.-+{}", min_size=1).filter(lambda text: text == " ".join(text.split())))
def test_no_text_of_special_characters_is_markup(text) -> None:
    assert _rendered(escaped(text)) == text


def test_a_code_is_set_as_code() -> None:
    code = Architecture.parse("mb6_k3_s1_w1.0_d2-sep_k5_s1_w2.0_d1")
    assert _rendered(cell(code)) == f"<code>{code}</code>"

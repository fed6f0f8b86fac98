"""Text for TensorBoard, which reads Markdown and HTML in it."""

from __future__ import annotations

import html
import re

from eatnas_tf.errors import shown
from eatnas_tf.space import Architecture

NUMBER = re.compile(r"-?[0-9][0-9,.]*")
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+.!|-])")  # what a backslash makes a character of its own


def escaped(text: str) -> str:
    """`text` as a person is to see it, whatever data it names."""
    return html.escape(SPECIAL.sub(r"\\\1", shown(text)))


def cell(value: object) -> str:
    """A cell of a table. A code is set as one, and can be pasted; a number is kept on one line."""
    if isinstance(value, Architecture):
        return f"`{value}`"
    text = str(value)
    return f"    {text}" if NUMBER.fullmatch(text) else escaped(text)

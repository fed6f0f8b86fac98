"""Text for TensorBoard, which reads Markdown and HTML in it."""

from __future__ import annotations

import html
import re

from eatnas_tf.errors import shown
from eatnas_tf.space import Architecture

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+.!|-])")  # what a backslash makes a character of its own


def escaped(text: str) -> str:
    """`text` as a person is to see it, whatever data it names."""
    return html.escape(SPECIAL.sub(r"\\\1", shown(text)))


def cell(value: object) -> str:
    """A cell of a table; a code is set as one, and can be pasted."""
    return f"`{value}`" if isinstance(value, Architecture) else escaped(str(value))

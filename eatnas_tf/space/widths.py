"""The output width of every block (the paper's section 3.2, and the two rules for its base)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from eatnas_tf.errors import InputError

WIDTH_BASES = ("input", "mobilenet_v2")
MOBILENET_V2_WIDTHS = (16, 24, 32, 64, 96, 160, 320)
WIDEST = 2**20


def block_widths(factors: Iterable[float], stem_width: int, width_base: str = "input") -> list[int]:
    """Output channels of each block: `max(1, floor(base * factor + 1/2))`.

    The base is the block's input width (`input`), or MobileNetV2's width at that place (`mobilenet_v2`, at
    most seven blocks, the rule of the authors' released model definition).
    """
    widths: list[int] = []
    for position, factor in enumerate(factors, start=1):
        base = _base(position, widths[-1] if widths else stem_width, width_base)
        if not base * factor < WIDEST:
            raise InputError(
                f"block {position}, width: {base} x {factor} channels; expected fewer than {WIDEST}"
            )
        widths.append(max(1, math.floor(base * factor + 0.5)))
    return widths


def _base(position: int, input_width: int, width_base: str) -> int:
    if width_base == "input":
        return input_width
    if position > len(MOBILENET_V2_WIDTHS):
        raise InputError(
            f"block {position}: width_base mobilenet_v2 knows 7 blocks; use --width_base=input for more"
        )
    return MOBILENET_V2_WIDTHS[position - 1]

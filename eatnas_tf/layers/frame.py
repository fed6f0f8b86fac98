"""What surrounds the blocks of a network."""

from __future__ import annotations

from dataclasses import dataclass

from eatnas_tf.errors import InputError
from eatnas_tf.space.widths import WIDTH_BASES

SHORTCUTS = ("projection", "identity")
SMALL_IMAGE = 96


@dataclass(frozen=True)
class Frame:
    """What surrounds the blocks: the input, stem, strides of the blocks' first layers, and head.

    `image_size` in pixels (square), `strides` one a block. Published frames: CIFAR-10 (32, 3, 10, stem stride
    1, strides 1 1 2 1 2 1 1) and ImageNet (224, 3, 1000, stem stride 2, strides 1 2 2 2 1 2 1).
    """

    image_size: int = 224
    channels: int = 3
    num_classes: int = 1000
    stem_filters: int = 32
    stem_stride: int = 2
    strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1)
    head_filters: int = 1280
    width_base: str = "input"
    shortcut: str = "projection"

    def __post_init__(self) -> None:
        for name in ("image_size", "channels", "num_classes", "stem_filters", "stem_stride", "head_filters"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: {getattr(self, name)} is not at least 1")
        if not self.strides or min(self.strides) < 1:
            raise InputError(
                f"strides: {self.strides} is not a list of whole numbers of at least 1, one a block"
            )
        if self.width_base not in WIDTH_BASES:
            raise InputError(f"width_base: {self.width_base} is not one of {', '.join(WIDTH_BASES)}")
        if self.shortcut not in SHORTCUTS:
            raise InputError(f"shortcut: {self.shortcut} is not one of {', '.join(SHORTCUTS)}")


def default_strides(image_size: int) -> tuple[int, ...]:
    """The paper's seven: CIFAR-10's (blocks 3 and 5) for images under 96 pixels, else ImageNet's."""
    return (1, 1, 2, 1, 2, 1, 1) if image_size < SMALL_IMAGE else Frame.strides


def default_stem_stride(image_size: int) -> int:
    return 1 if image_size < SMALL_IMAGE else 2

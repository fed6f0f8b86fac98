"""The frame around the blocks: input, stem, strides, head."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf.configs import FrameConfig
from eatnas_tf.flags import lists
from eatnas_tf.layers.expand import SHORTCUTS, Frame
from eatnas_tf.space.widths import WIDEST, WIDTH_BASES

IMAGE_SIZE = absl_flags.DEFINE_integer(
    "image_size",
    None,
    "Side of the square input in pixels; images of another size are resized. By default the "
    "dataset's, 224 without one; a retraining takes that of the search in --from.",
    lower_bound=1,
    upper_bound=2**14,
)
CHANNELS = absl_flags.DEFINE_integer(
    "channels", None, "Channels of the input. By default the dataset's, 3 without one.", lower_bound=1
)
NUM_CLASSES = absl_flags.DEFINE_integer(
    "num_classes",
    None,
    "Outputs of the dense layer. By default the dataset's, 1000 without one.",
    lower_bound=1,
)
STEM_FILTERS = absl_flags.DEFINE_integer(
    "stem_filters",
    None,
    f"Width of the stem. By default {Frame.stem_filters}, or as in --from.",
    lower_bound=1,
    upper_bound=WIDEST - 1,
)
STEM_STRIDE = absl_flags.DEFINE_integer(
    "stem_stride",
    None,
    "Stride of the stem. By default 1 for images under 96 pixels, else 2; a retraining takes that of the "
    "search in --from.",
    lower_bound=1,
    upper_bound=lists.MOST,
)
STRIDES = absl_flags.DEFINE_list(
    "strides",
    None,
    "Stride of each block's first layer, a comma list with one a block. By default the paper's seven: "
    "1,1,2,1,2,1,1 for images under 96 pixels, else 1,2,2,2,1,2,1. A retraining takes those of the search in "
    "--from.",
)
HEAD_FILTERS = absl_flags.DEFINE_integer(
    "head_filters",
    None,
    f"Width of the head's convolution. By default {Frame.head_filters}, or as in --from.",
    lower_bound=1,
    upper_bound=WIDEST - 1,
)
WIDTH_BASE = absl_flags.DEFINE_enum(
    "width_base",
    None,
    WIDTH_BASES,
    f"What a width factor multiplies: the block's input width, or MobileNetV2's. By default "
    f"{Frame.width_base}, or as in --from.",
)
SHORTCUT = absl_flags.DEFINE_enum(
    "shortcut",
    None,
    SHORTCUTS,
    "The shortcut of a layer that changes shape: a projection, or none at all (identity, as in MobileNetV2). "
    f"By default {Frame.shortcut}, or as in --from.",
)


def config() -> FrameConfig:
    strides = None if STRIDES.value is None else lists.items("strides", STRIDES.value, lists.whole)
    return FrameConfig(
        IMAGE_SIZE.value,
        CHANNELS.value,
        NUM_CLASSES.value,
        STEM_FILTERS.value,
        STEM_STRIDE.value,
        strides,
        HEAD_FILTERS.value,
        WIDTH_BASE.value,
        SHORTCUT.value,
    )

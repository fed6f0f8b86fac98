"""The search space: choices of every primitive, and limits on the whole."""

from __future__ import annotations

from absl import flags as absl_flags

from eatnas_tf import configs
from eatnas_tf.configs import SpaceConfig
from eatnas_tf.flags import lists
from eatnas_tf.space.primitives import CONV, DEPTH, KERNEL, SKIP, WIDTH, Primitive, Value

BLOCKS = absl_flags.DEFINE_integer(
    "blocks",
    None,
    f"Blocks of an architecture. By default {configs.BLOCKS}, or as many as in --from.",
    lower_bound=1,
    upper_bound=999,
)
CONV_CHOICES = absl_flags.DEFINE_list(
    "conv_choices", "sep,mb3,mb6", "Convolution operations: sep, mbT for any whole T, and those of plugins."
)
KERNEL_CHOICES = absl_flags.DEFINE_list("kernel_choices", "3,5,7", "Kernel sizes.")
SKIP_CHOICES = absl_flags.DEFINE_list("skip_choices", "0,1", "Whether every layer of a block has a shortcut.")
WIDTH_CHOICES = absl_flags.DEFINE_list("width_choices", "0.5,1.0,1.5,2.0", "Width factors.")
DEPTH_CHOICES = absl_flags.DEFINE_list("depth_choices", "1,2,3,4", "Layers of a block.")
PRIMITIVES = absl_flags.DEFINE_list(
    "primitives", "", "Plugins' primitives to search beside the five, by name; each with its own choices."
)
LAYERS = absl_flags.DEFINE_list("layers", None, "Limits LO,HI on the sum of the depths; none by default.")
EXPANSION = absl_flags.DEFINE_list(
    "expansion", None, "Limits LO,HI on the final block's width over the stem's; none by default."
)


def config() -> SpaceConfig:
    return SpaceConfig(
        blocks=BLOCKS.value,
        conv_choices=_choices(CONV, CONV_CHOICES.value),
        kernel_choices=_choices(KERNEL, KERNEL_CHOICES.value),
        skip_choices=_choices(SKIP, SKIP_CHOICES.value),
        width_choices=_choices(WIDTH, WIDTH_CHOICES.value),
        depth_choices=_choices(DEPTH, DEPTH_CHOICES.value),
        primitives=tuple(PRIMITIVES.value),
        layers=lists.span("layers", LAYERS.value, lists.whole),
        expansion=lists.span("expansion", EXPANSION.value, lists.number),
    )


def _choices(primitive: Primitive, texts: list[str]) -> tuple[Value, ...]:
    return lists.items(f"{primitive.name}_choices", texts, primitive.value)

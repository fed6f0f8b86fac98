"""Parts of an image of any size, cut out before it is made as small as the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Box = Callable[[Any, Any], Any]  # (number in the order read, [height, width]) -> (top, left, bottom, right)
INSIDE = 1 - 1e-6  # a box's far edge: beyond the last pixel by a rounding, a whole row would be black


def patch(image: Any, box: Any, size: int) -> Any:
    """The part of an image in `box`, fractions of it, resized bilinearly: float32 (size, size, channels)."""
    return tf.image.crop_and_resize(tf.cast(image, tf.float32)[None], box[None], [0], (size, size))[0]


def window(shape: Any, box: Any) -> tuple[Any, Any]:
    """([top, left, rows, columns] of all pixels that a patch takes part of, its box within them)."""
    last = tf.cast(shape - 1, tf.float32)
    low, high = box[:2] * last, box[2:] * last
    first = tf.clip_by_value(tf.cast(tf.floor(low), tf.int32) - 1, 0, shape - 1)
    end = tf.clip_by_value(tf.cast(tf.math.ceil(high), tf.int32) + 1, 0, shape - 1)
    start, reach = tf.cast(first, tf.float32), tf.cast(tf.maximum(end - first, 1), tf.float32)
    inside = tf.concat([(low - start) / reach, (high - start) / reach], 0)
    return tf.concat([first, end - first + 1], 0), tf.clip_by_value(inside, 0.0, INSIDE)


def jpeg_patch(encoded: Any, box: Box, number: Any, size: int, channels: int) -> Any:
    """`patch` of a JPEG of which only the pixels around the patch are decoded."""
    shape = tf.image.extract_jpeg_shape(encoded)[:2]
    pixels, inside = window(shape, box(number, shape))
    return patch(tf.image.decode_and_crop_jpeg(encoded, pixels, channels=channels), inside, size)

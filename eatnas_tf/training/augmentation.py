"""Augmentation of a batch of images, repeatable under a seed (arXiv 1901.05884, section 4 and appendix A).

Functions map (images, seed) to images: float32 (batch, height, width, channels), whitened, so that a padding
of zeros is the dataset's mean; `seed` is an int32 tensor of two, the second one the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

AREA = (0.2, 1.0)
ASPECT = (3 / 4, 4 / 3)
CROP, SCALE = 224, (256, 480)  # pixels of a crop, and of the shorter side that it is taken from
STRETCH = (3 / 4, 5 / 4)

Augment = Callable[[Any, Any], Any]


def augmentation(name: str, cutout_side: int = 0, fixed_from: Any = None) -> Augment:
    """The augmentation called `name`, then a cutout if it has a side; from step `fixed_from` on with one
    scale, where there are several.
    """
    known: dict[str, Augment] = {
        "none": none,
        "flip": flip,
        "crop_flip": crop_flip,
        "area_crop": area_crop,
        "scale_crop": partial(scale_crop, fixed_from=fixed_from),
    }
    return partial(_then_cutout, known[name], cutout_side) if cutout_side else known[name]


def none(images: Any, seed: Any) -> Any:
    return images


def crop_flip(images: Any, seed: Any) -> Any:
    """Padded by an eighth (32 to 40), a crop of the old size, mirrored or not: CIFAR-10's."""
    height, width = images.shape[1:3]
    pads = [round(height / 8), round(width / 8)]
    count = tf.shape(images)[0]
    images = tf.pad(images, [[0, 0], [pads[0]] * 2, [pads[1]] * 2, [0, 0]])
    places = tf.constant([2 * pads[0] + 1, 2 * pads[1] + 1], tf.float32)
    offsets = tf.cast(tf.random.stateless_uniform((count, 2), seed) * places, tf.int32)
    rows = offsets[:, :1] + tf.range(height)
    columns = offsets[:, 1:] + tf.range(width)
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    images = tf.gather(images, columns, axis=2, batch_dims=1)
    return flip(images, seed)


def area_crop(images: Any, seed: Any) -> Any:
    """A patch of 20 to 100% of the area, aspect 3/4 to 4/3, resized, mirrored or not: ImageNet's."""
    count = tf.shape(images)[0]
    height, width = images.shape[1:3]
    boxes = area_boxes(count, height / width, seed)
    images = tf.image.crop_and_resize(images, boxes, tf.range(count), (height, width))
    return flip(images, seed)


def area_boxes(count: Any, ratio: Any, seed: Any, fixed: Any = False) -> Any:
    """`count` boxes (top, left, bottom, right) in fractions of images whose height / width is `ratio`.

    A side that would leave the image is cut to it.
    """
    draws = tf.random.stateless_uniform((count, 4), seed + [1, 0])
    area = AREA[0] + draws[:, 0] * (AREA[1] - AREA[0])
    aspect = tf.exp(math.log(ASPECT[0]) + draws[:, 1] * (math.log(ASPECT[1]) - math.log(ASPECT[0]))) * ratio
    height = tf.minimum(tf.sqrt(area / aspect), 1.0)
    width = tf.minimum(tf.sqrt(area * aspect), 1.0)
    return _placed(height, width, draws[:, 2:])


def scale_crop(images: Any, seed: Any, fixed_from: Any = None) -> Any:
    """Scaled and stretched at random, a crop of the old size, mirrored or not: ImageNet's retraining."""
    count = tf.shape(images)[0]
    height, width = images.shape[1:3]
    fixed = False if fixed_from is None else seed[1] >= fixed_from
    boxes = scale_boxes(count, height / width, seed, fixed)
    images = tf.image.crop_and_resize(images, boxes, tf.range(count), (height, width))
    return flip(images, seed)


def scale_boxes(count: Any, ratio: Any, seed: Any, fixed: Any) -> Any:
    """`count` boxes (top, left, bottom, right) in fractions of images whose height / width is `ratio`.

    The shorter side is scaled to 256 to 480 pixels for a crop of 224, to 256 if `fixed`, and the width
    stretched by 3/4 to 5/4. A side that would leave the image is cut to it.
    """
    draws = tf.random.stateless_uniform((count, 4), seed + [3, 0])
    scale = tf.where(fixed, float(SCALE[0]), SCALE[0] + draws[:, 0] * (SCALE[1] - SCALE[0])) / CROP
    stretch = STRETCH[0] + draws[:, 1] * (STRETCH[1] - STRETCH[0])
    ratio = tf.cast(ratio, tf.float32)
    height = tf.minimum(1 / (scale * tf.maximum(ratio, 1.0)), 1.0)
    width = tf.minimum(tf.minimum(ratio, 1.0) / (scale * stretch), 1.0)
    return _placed(height, width, draws[:, 2:])


def cutout(images: Any, seed: Any, side: int) -> Any:
    """A square of `side` pixels is 0, the mean; its centre is any pixel, so that parts may lie outside."""
    height, width = images.shape[1:3]
    draws = tf.random.stateless_uniform((tf.shape(images)[0], 2), seed + [4, 0])
    tops = tf.cast(draws[:, :1] * height, tf.int32) - side // 2
    lefts = tf.cast(draws[:, 1:] * width, tf.int32) - side // 2
    rows, columns = tf.range(height) - tops, tf.range(width) - lefts
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    return tf.where(inside[..., None], 0.0, images)


def _then_cutout(augment: Augment, side: int, images: Any, seed: Any) -> Any:
    return cutout(augment(images, seed), seed, side)


def _placed(height: Any, width: Any, draws: Any) -> Any:
    """Boxes of these sizes anywhere within the image."""
    top, left = draws[:, 0] * (1 - height), draws[:, 1] * (1 - width)
    return tf.stack([top, left, top + height, left + width], axis=1)


def flip(images: Any, seed: Any) -> Any:
    """Every image mirrored left to right with probability 1/2."""
    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed + [2, 0]) < 0.5
    return tf.where(mirrored, images[:, :, ::-1], images)

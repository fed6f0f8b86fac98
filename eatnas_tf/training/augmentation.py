"""Augmentation of a batch of images, repeatable under a seed (arXiv 1901.05884, section 4 and appendix A).

Functions map (images, seed) to images: float32 (batch, height, width, channels), whitened, so that a padding
of zeros is the dataset's mean; `seed` is an int32 tensor of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

AREA = (0.2, 1.0)
ASPECT = (3 / 4, 4 / 3)


def augmentation(name: str) -> Callable[[Any, Any], Any]:
    return {"none": none, "flip": flip, "crop_flip": crop_flip, "area_crop": area_crop}[name]


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


def area_boxes(count: Any, ratio: Any, seed: Any) -> Any:
    """`count` boxes (top, left, bottom, right) in fractions of images whose height / width is `ratio`.

    A side that would leave the image is cut to it.
    """
    draws = tf.random.stateless_uniform((count, 4), seed + [1, 0])
    area = AREA[0] + draws[:, 0] * (AREA[1] - AREA[0])
    aspect = tf.exp(math.log(ASPECT[0]) + draws[:, 1] * (math.log(ASPECT[1]) - math.log(ASPECT[0]))) * ratio
    height = tf.minimum(tf.sqrt(area / aspect), 1.0)
    width = tf.minimum(tf.sqrt(area * aspect), 1.0)
    top, left = draws[:, 2] * (1 - height), draws[:, 3] * (1 - width)
    return tf.stack([top, left, top + height, left + width], axis=1)


def flip(images: Any, seed: Any) -> Any:
    """Every image mirrored left to right with probability 1/2."""
    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed + [2, 0]) < 0.5
    return tf.where(mirrored, images[:, :, ::-1], images)

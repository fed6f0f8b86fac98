"""Augmentation against every crop there is."""

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.configs import AUGMENTATIONS
from eatnas_tf.training.augmentation import (
    AREA,
    ASPECT,
    area_boxes,
    area_crop,
    augmentation,
    crop_flip,
    cutout,
    flip,
    scale_boxes,
    scale_crop,
)

SEED, OTHER = np.int32([3, 4]), np.int32([3, 5])


def noise(*shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def crops(image):
    """Every crop out of the image padded by an eighth, and its mirror image, by (row, column, flip)."""
    height, width, _ = image.shape
    rows, columns = round(height / 8), round(width / 8)
    padded = np.pad(image, ((rows, rows), (columns, columns), (0, 0)))
    found = {}
    for row, column in np.ndindex(2 * rows + 1, 2 * columns + 1):
        crop = padded[row : row + height, column : column + width]
        found[row, column, False], found[row, column, True] = crop, crop[:, ::-1]
    return found


@pytest.mark.parametrize(("height", "width", "places"), [(8, 8, 3 * 3 * 2), (16, 8, 5 * 3 * 2)])
def test_crop_flip_draws_among_all_crops_of_the_padded_image_and_their_mirror_images(height, width, places):
    images = noise(400, height, width, 2)
    drawn = set()
    for image, output in zip(images, crop_flip(tf.constant(images), SEED).numpy(), strict=True):
        matching = [place for place, crop in crops(image).items() if np.array_equal(crop, output)]
        assert len(matching) == 1
        drawn.add(matching[0])
    assert len(drawn) == places


def test_a_padding_is_an_eighth_as_from_32_to_40():
    assert len(crops(noise(32, 32, 1))) == 9 * 9 * 2


@pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name != "none"])
def test_an_augmentation_repeats_under_its_seed_and_differs_under_another(name):
    images = tf.constant(noise(16, 8, 8, 1))
    augment = augmentation(name)
    first = augment(images, SEED)
    assert first.shape == images.shape
    assert first.dtype == tf.float32
    np.testing.assert_array_equal(first, augment(images, SEED))
    assert not np.array_equal(first, augment(images, OTHER))


def test_none_leaves_images_as_they_are():
    images = tf.constant(noise(2, 8, 8, 1))
    assert augmentation("none")(images, SEED) is images


@pytest.mark.parametrize("ratio", [1.0, 0.5, 1.6])
def test_area_boxes_hold_20_to_100_percent_at_an_aspect_of_3_to_4_unless_cut_to_the_image(ratio):
    top, left, bottom, right = area_boxes(2000, ratio, SEED).numpy().T.astype(np.float64)
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= 1 + 1e-6
    height, width = bottom - top, right - left
    area, aspect = height * width, width / (height * ratio)
    cut = (height > 1 - 1e-5) | (width > 1 - 1e-5)
    assert cut.mean() < 0.7
    assert area[~cut].min() >= AREA[0] - 1e-5
    assert area.max() <= AREA[1] + 1e-5
    assert aspect[~cut].min() >= ASPECT[0] - 1e-5
    assert aspect[~cut].max() <= ASPECT[1] + 1e-5
    assert area.min() < 0.25
    assert area.max() > 0.7
    assert aspect[~cut].max() - aspect[~cut].min() > 0.5
    inside = ~cut & (area < 0.5)
    assert np.ptp(top[inside] / (1 - height[inside])) > 0.9
    assert np.ptp(left[inside] / (1 - width[inside])) > 0.9


def test_area_crop_enlarges_a_patch_of_a_ramp():
    ramp = np.broadcast_to(np.linspace(0, 1, 16, dtype=np.float32)[None, None, :, None], (200, 16, 16, 1))
    found = area_crop(tf.constant(ramp), SEED).numpy()
    slopes = np.diff(found, axis=2)
    np.testing.assert_allclose(slopes, np.broadcast_to(slopes[:, :1, :1], slopes.shape), atol=1e-5)
    width = np.abs(found[:, 0, -1, 0] - found[:, 0, 0, 0])
    assert np.sqrt(0.2 * 0.75) - 1e-5 <= width.min() < 0.5
    assert width.max() <= 1 + 1e-5
    assert 0.4 < (slopes[:, 0, 0, 0] < 0).mean() < 0.6


@pytest.mark.parametrize("ratio", [1.0, 0.5, 1.6])
def test_scale_boxes_are_crops_of_224_from_a_shorter_side_of_256_to_480_stretched_by_a_quarter(ratio):
    top, left, bottom, right = scale_boxes(2000, ratio, SEED, False).numpy().T.astype(np.float64)
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= 1 + 1e-6
    height, width = bottom - top, right - left
    scale = 224 / (height * max(ratio, 1))
    stretch = 224 / (width * scale) * min(ratio, 1)
    assert 256 - 0.01 <= scale.min() < 265
    assert 470 < scale.max() <= 480 + 0.01
    free = width < 1 - 1e-5
    assert 0.75 - 1e-4 <= stretch[free].min() < 0.9
    assert 1.2 < stretch.max() <= 1.25 + 1e-4
    assert abs(np.corrcoef(scale, stretch)[0, 1]) < 0.2
    assert np.ptp(top / (1 - height)) > 0.95


def test_the_last_epochs_scale_to_256_only():
    top, _, bottom, _ = scale_boxes(500, 1.0, SEED, True).numpy().T
    np.testing.assert_allclose(bottom - top, 224 / 256, rtol=1e-5)
    images = tf.constant(noise(4, 8, 8, 1))
    late = scale_crop(images, SEED, fixed_from=4)
    assert not np.array_equal(late, scale_crop(images, SEED, fixed_from=5))
    np.testing.assert_array_equal(scale_crop(images, SEED, fixed_from=5), scale_crop(images, SEED))


def test_cutout_blanks_a_square_with_its_centre_in_the_image_and_nothing_else():
    images = noise(300, 8, 10, 2) + 10
    outputs = cutout(tf.constant(images), SEED, 4).numpy()
    blank = outputs == 0
    np.testing.assert_array_equal(outputs[~blank], images[~blank])
    centres = set()
    for one in blank:
        np.testing.assert_array_equal(one[..., 0], one[..., 1])
        rows, columns = one.any((1, 2)), one.any((0, 2))
        np.testing.assert_array_equal(one[..., 0], rows[:, None] & columns[None])
        centres.add((rows.sum(), columns.sum()))
        for line in (rows, columns):
            places = np.flatnonzero(line)
            assert 2 <= len(places) <= 4
            assert np.all(np.diff(places) == 1)
    assert centres == {(rows, columns) for rows in (2, 3, 4) for columns in (2, 3, 4)}


def test_a_cutout_comes_after_another_augmentation():
    images = tf.constant(noise(4, 8, 8, 1))
    np.testing.assert_array_equal(
        augmentation("crop_flip", 4)(images, SEED), cutout(crop_flip(images, SEED), SEED, 4)
    )


def test_half_of_the_images_are_mirrored():
    images = noise(1000, 1, 4, 1)
    outputs = flip(tf.constant(images), SEED).numpy()
    mirrored = (outputs == images[:, :, ::-1]).all((1, 2, 3))
    kept = (outputs == images).all((1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 0.42 < mirrored.mean() < 0.58  # five standard deviations

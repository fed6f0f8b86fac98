"""Transparency and more than 8 bits: one background and one range of values for all files of a dataset."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.network import class_names
from eatnas_tf.training import images
from eatnas_tf.training.data import open_source
from eatnas_tf.training.encoding import REAL, WHOLE, Encoding, spanned

SIZE = 6
MASK = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % 3 == 0


def drawing(path: Path, shade: int, mode: str = "RGBA", suffix: str = "png") -> None:
    """A shape in one shade on a transparent ground of the same shade."""
    rgba = np.full((SIZE, SIZE, 4), shade, np.uint8)
    rgba[..., 3] = np.where(MASK, 255, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    image, options = Image.fromarray(rgba), {}
    if mode == "P":  # a palette of two, one of which is clear
        image = Image.fromarray(MASK.astype(np.uint8), "P")
        image.putpalette([shade] * 6)
        options = {"transparency": 0}
    elif mode == "L":  # the ground has a shade that stands for clear
        image, options = Image.fromarray(np.where(MASK, shade, 99).astype(np.uint8)), {"transparency": 99}
    elif mode == "RGB":
        image = Image.fromarray(np.where(MASK[..., None], shade, 99).repeat(3, 2).astype(np.uint8))
        options = {"transparency": (99, 99, 99)}
    elif mode == "I;16":
        image, options = (
            Image.fromarray(np.where(MASK, shade * 257, 99).astype(np.uint16)),
            {"transparency": 99},
        )
    elif mode != "RGBA":
        image = image.convert(mode)
    if suffix == "webp":
        options = {"lossless": True, "exact": True}
    image.save(path.with_suffix(f".{suffix}"), **options)


def opened(root: Path):
    return open_source(DataConfig(f"folder:{root}"), None)


def drawings(root: Path, *shades: int) -> Path:
    for number, shade in enumerate(shades):
        for name in "ab":
            drawing(root / name / f"{number}", shade)
    return root


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *(("RGBA", suffix) for suffix in ("png", "webp", "tif", "gif")),
        *(("LA", suffix) for suffix in ("png", "tif")),
        *((mode, "png") for mode in ("P", "L", "RGB", "I;16")),
        ("PA", "tif"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_that_are_in_transparency_only_are_read(tmp_path, mode, suffix, channels) -> None:
    drawing(tmp_path / "a", 0, mode, suffix)
    found = images.read(tmp_path / f"a.{suffix}", channels)
    np.testing.assert_array_equal(found[..., 0], np.where(MASK, 0, 255))
    assert found.shape == (SIZE, SIZE, channels)
    assert images.look(tmp_path / f"a.{suffix}").transparent


@pytest.mark.parametrize(
    ("shades", "background"),
    [
        ((0, 0), 255),
        ((255, 255), 0),
        ((250, 240), 0),
        ((128, 100), 255),
        ((0, 255), 128),
        ((0, 0, 0, 255), 128),
    ],
)
def test_the_background_is_one_before_which_all_drawings_of_a_dataset_are_seen(
    tmp_path, caplog, shades, background
) -> None:
    source = opened(drawings(tmp_path, *shades))
    assert (f"are laid on grey {background} of 255" in caplog.text) == (background != 255)
    assert source.encoding.background == background
    for image, shade in zip(source.train().images, shades, strict=False):
        np.testing.assert_array_equal(image[..., 0], np.where(MASK, shade, background))


def test_opaque_images_with_a_channel_for_transparency_are_as_they_are(tmp_path) -> None:
    pixels = np.full((SIZE, SIZE, 4), 255, np.uint8)
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
    source = opened(tmp_path)
    assert source.encoding == Encoding()
    assert (source.train().images == 255).all()


def deep(root: Path, name: str, pixels: np.ndarray, suffix: str = "tif") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(root / f"{name}.{suffix}")


def ramp(scale: float, dtype, share: float = 1.0) -> np.ndarray:
    return (np.linspace(0, share * scale, SIZE * SIZE).reshape(SIZE, SIZE)).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "suffix", "scale"),
    [
        (np.uint16, "png", 65535),
        (np.uint16, "png", 4095),
        (np.uint16, "tif", 1023),
        (np.uint16, "jp2", 4095),
        (np.uint16, "png", 255),
        (np.int32, "tif", 4095),
        (np.float32, "tif", 1.0),
        (np.float32, "tif", 4095.0),
        (np.float32, "tif", 0.25),
    ],
)
def test_a_dataset_of_more_than_8_bits_has_one_scale(tmp_path, dtype, suffix, scale) -> None:
    """An image that is half as bright is half as bright when it is read."""
    for name, share in (("a/0", 1.0), ("a/1", 0.5), ("b/0", 0.25), ("b/1", 1.0)):
        deep(tmp_path, name, ramp(scale, dtype, share), suffix)
    source = opened(tmp_path)
    assert (source.encoding.low, source.encoding.high) == (0, scale)
    found = source.train().images
    assert [int(image.max()) for image in found] == pytest.approx([255, 127, 63, 255], abs=1)
    assert len(np.unique(found[0])) == SIZE * SIZE
    np.testing.assert_array_equal(found[0], found[3])


@pytest.mark.parametrize(
    ("low", "high", "values", "expected"),
    [
        (0, 1, WHOLE, (0, 1)),
        (0, 0, WHOLE, (0, 1)),
        (20, 300, WHOLE, (0, 511)),
        (0, 4096, WHOLE, (0, 8191)),
        (-1000, 3071, WHOLE, (-1023, 4095)),
        (31744, 34000, WHOLE, (31744, 34000)),
        (0.0, 0.3, REAL, (0, 0.5)),
        (-0.9, 0.9, REAL, (-1, 1)),
        (-4.0, -1.0, REAL, (-7, 0)),
        (0.0, 254.5, REAL, (0, 255)),
        (0.0, 0.0, REAL, (0, 1)),
        (7.0, 7.0, REAL, (0, 7)),
    ],
)
def test_a_range_goes_from_0_to_a_power_of_two(low, high, values, expected) -> None:
    assert spanned(low, high, values) == expected


def test_missing_pixels_are_black_and_change_no_range(tmp_path) -> None:
    pixels = ramp(1.0, np.float32)
    pixels[0, 1], pixels[0, 2] = np.nan, np.inf
    for name in ("a/0", "b/0"):
        deep(tmp_path, name, pixels)
    source = opened(tmp_path)
    assert (source.encoding.low, source.encoding.high) == (0, 1)
    assert source.train().images[0, 0, 1:3, 0].tolist() == [0, 255]


def test_a_test_image_that_is_brighter_than_all_training_images_is_cut_off(tmp_path) -> None:
    for name, scale in (("train/a/0", 900), ("train/b/0", 1000), ("test/a/0", 4095), ("test/b/0", 500)):
        deep(tmp_path, name, ramp(scale, np.uint16))
    found = opened(tmp_path).test().images
    assert (int(found[0].max()), int(found[1].max())) == (255, 125)


WIDE = ramp(4095, np.uint16)
NARROW = (ramp(255, np.uint8), "png")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            (WIDE, "png"),
            NARROW,
            "images of 8 bits beside whole numbers from 0 to about 4095, as .*; no one scale",
        ),
        ((ramp(9.0, np.float32), "tif"), NARROW, "images of 8 bits beside floats from 0 to about 15"),
        (
            (WIDE, "png"),
            (ramp(1.0, np.float32), "tif"),
            "some images hold whole numbers .* and others floats",
        ),
        (
            (np.full((SIZE, SIZE), -3.4e38, np.float32), "tif"),
            (ramp(1.0, np.float32), "tif"),
            "values from -3.4e.38 to -3.4e.38; if that marks missing pixels, write NaN instead",
        ),
    ],
)
def test_images_that_no_one_scale_fits_are_refused(tmp_path, first, second, message) -> None:
    deep(tmp_path, "a/0", *first)
    deep(tmp_path, "b/0", *second)
    with pytest.raises(InputError, match=message):
        opened(tmp_path)


@pytest.mark.parametrize("full", [(ramp(65535, np.uint16), "png"), (ramp(1.0, np.float32), "tif")])
def test_images_of_8_bits_stand_beside_others_that_use_all_of_their_range(tmp_path, full) -> None:
    deep(tmp_path, "a/0", *full)
    deep(tmp_path, "b/0", *NARROW)
    found = opened(tmp_path).train().images.astype(int)
    assert np.abs(found[0] - found[1]).max() <= 1


def colour_of_16_bits(path: Path, values: np.ndarray) -> None:
    """A PNG that Pillow does not write."""
    import tensorflow as tf

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tf.io.encode_png(np.repeat(values[..., None], 3, 2)).numpy())


def test_colour_of_16_bits_that_would_come_out_black_is_refused(tmp_path) -> None:
    for name in "ab":
        colour_of_16_bits(tmp_path / name / "0.png", ramp(65535, np.uint16))
    assert opened(tmp_path).train().images.max() == 255
    for name in "ab":
        colour_of_16_bits(tmp_path / name / "0.png", WIDE)
    with pytest.raises(InputError, match=r"colour images of 16 bits, as .*, that use the lower ones only"):
        opened(tmp_path)


def test_a_test_image_that_the_training_images_say_nothing_of_is_refused_before_a_training(tmp_path) -> None:
    for name in ("train/a/0", "train/b/0", "test/a/0"):
        deep(tmp_path, name, *NARROW)
    deep(tmp_path, "test/b/0", ramp(9.0, np.float32))
    with pytest.raises(
        InputError, match=r"test/b/0.tif: its pixels are floats, those of the training images"
    ):
        opened(tmp_path).refuse_without_test()


@pytest.mark.parametrize("part", ["val", "test"])
@pytest.mark.parametrize(
    ("odd", "suffix"), [(np.full((SIZE, SIZE), 9, np.uint8), "png"), (ramp(9.0, np.float32), "tif")]
)
def test_a_split_of_another_scale_than_the_training_images_is_refused(tmp_path, part, odd, suffix) -> None:
    for name in ("train/a/0", "train/b/0"):
        deep(tmp_path, name, WIDE, "png")
    for name in "ab":
        deep(tmp_path, f"{part}/{name}/0", odd, suffix)
    with pytest.raises(InputError, match=rf"{part}/a/0.{suffix}: its pixels are .* convert it to what"):
        opened(tmp_path).refuse_without_test()


def test_a_split_of_8_bits_fits_training_images_of_the_whole_range(tmp_path) -> None:
    for name in ("train/a/0", "train/b/0"):
        deep(tmp_path, name, np.full((SIZE, SIZE), 65535, np.uint16), "png")
    for name in "ab":
        deep(tmp_path, f"test/{name}/0", np.full((SIZE, SIZE), 255, np.uint8), "png")
    source = opened(tmp_path)
    assert [int(part.images.min()) for part in (source.train(), source.test())] == [255, 255]


def test_one_file_alone_is_read_by_the_range_of_its_format(tmp_path) -> None:
    for name, value in (("a", 200), ("b", 260)):
        deep(tmp_path, name, np.full((2, 2), value, np.uint16), "png")
    assert [images.read(tmp_path / f"{name}.png", 1)[0, 0, 0] for name in "ab"] == [0, 1]


def test_a_file_that_a_models_encoding_says_nothing_of_is_refused(tmp_path) -> None:
    deep(tmp_path, "real", ramp(9.0, np.float32))
    deep(tmp_path, "whole", WIDE)
    with pytest.raises(
        InputError, match=r"real.tif: its pixels are floats, those of the training images are 8 bits"
    ):
        images.header(tmp_path / "real.tif", Encoding())
    with pytest.raises(
        InputError, match=r"whole.tif: its pixels are whole numbers, .* are floats; convert it"
    ):
        images.read(tmp_path / "whole.tif", 1, Encoding(values=REAL, low=0.0, high=1.0))
    assert images.header(tmp_path / "whole.tif", Encoding()) == (SIZE, SIZE, 1)


def test_a_model_keeps_what_its_images_were_read_with(tmp_path) -> None:
    deep(tmp_path, "data/a/0", WIDE, "png")
    deep(tmp_path, "data/b/0", WIDE // 2, "png")
    drawing(tmp_path / "data" / "a" / "1", 255)
    with pytest.raises(InputError, match="no one scale"):
        opened(tmp_path / "data")
    (tmp_path / "data" / "a" / "1.png").unlink()
    encoding = opened(tmp_path / "data").encoding
    class_names.add(tmp_path / "model.keras", ["a", "b"], encoding=json.loads(json.dumps(encoding.to_dict())))
    data = DataConfig(f"folder:{tmp_path / 'data'}")
    kept = Encoding(**class_names.encoding(tmp_path / "model.keras"))
    assert kept == encoding == Encoding(values=WHOLE, low=0, high=4095)
    (tmp_path / "data" / "a" / "0.png").unlink()
    deep(tmp_path, "data/a/0", WIDE // 8, "png")
    deep(tmp_path, "data/b/0", WIDE // 8, "png")
    source = open_source(data, None, encoding)
    assert int(source.train().images.max()) == 255 // 8


def test_an_older_model_has_the_default_encoding(tmp_path) -> None:
    class_names.add(tmp_path / "model.keras", ["a", "b"])
    assert Encoding(**class_names.encoding(tmp_path / "model.keras")) == Encoding()


@pytest.mark.parametrize(
    "damaged",
    [{"background": 256}, {"low": "0"}, {"values": 3}, {"low": 2, "high": 1}, {"low": 1, "high": 1}],
)
def test_a_damaged_encoding_is_refused(tmp_path, damaged) -> None:
    class_names.add(tmp_path / "model.keras", ["a", "b"], encoding=damaged)
    with pytest.raises(InputError, match=r"classes.json is damaged"):
        class_names.encoding(tmp_path / "model.keras")


@pytest.fixture
def small_limits(monkeypatch):
    """Images are large from 400 pixels on, and too large from 10,000 on; Pillow's own limit is lower."""
    for name, value in (("LARGE", 400), ("REDUCED", 100), ("MOST_PIXELS", 10_000)):
        monkeypatch.setattr(images, name, value)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F", "CMYK"])
@pytest.mark.usefixtures("small_limits")
def test_a_large_image_is_reduced_as_it_is_read(tmp_path, mode) -> None:
    path = tmp_path / "a.tif"
    Image.new(mode, (96, 64), 0).save(path)
    assert images.header(path)[:2] == (96, 64)
    found = images.read(path, 3)
    assert 50 <= found.shape[0] * found.shape[1] <= 200
    assert found.shape[1] / found.shape[0] == pytest.approx(1.5, rel=0.15)
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.usefixtures("small_limits")
def test_a_jpeg_of_any_size_is_decoded_at_a_part_of_its_size(tmp_path) -> None:
    Image.new("RGB", (120, 160), (10, 200, 30)).save(tmp_path / "a.jpg")
    assert images.header(tmp_path / "a.jpg") == (120, 160, 3)
    found = images.read(tmp_path / "a.jpg", 3)
    assert found.shape == (20, 15, 3)
    assert np.abs(found.astype(int) - [10, 200, 30]).max() < 8


@pytest.mark.usefixtures("small_limits")
def test_what_is_too_large_is_left_out_counted_and_named(tmp_path, caplog) -> None:
    for name in "ab":
        for number in range(5):
            deep(tmp_path, f"{name}/{number}", ramp(255, np.uint8), "png")
    Image.new("L", (101, 100)).save(tmp_path / "a" / "scan.png")
    Image.new("L", (60, 60), 7).save(tmp_path / "b" / "scan.png")
    source = open_source(DataConfig(f"folder:{tmp_path}"), SIZE)
    assert source.class_counts == (4, 5)
    assert "1 of 12 files are left out: images with too many pixels: 1 (a/scan.png)" in caplog.text
    with pytest.raises(InputError, match="an image of 10,100 pixels; at most 10,000 are decoded"):
        images.header(tmp_path / "a" / "scan.png")

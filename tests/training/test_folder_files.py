"""Which files of a folder are its images: contents decide, links are followed, what is hidden is not."""

import os
from pathlib import Path

import pytest
from PIL import Image

from eatnas_tf.configs import DataConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training.data import open_source
from eatnas_tf.training.left_out import reason_of


def picture(path: Path, kind: str = "PNG") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (len(path.name), 7, 9)).save(path, kind)


def fill(root: Path, *places: str, count: int = 2) -> Path:
    for place in places:
        for number in range(count):
            picture(root / place / f"{number}.png")
    return root


def opened(root: Path):
    return open_source(DataConfig(f"folder:{root}"), None)


def paths(root: Path, part: str = "train") -> list[str]:
    """The files of a split, by their names in the dataset's folder."""
    return sorted(os.path.relpath(path, root) for path, _ in getattr(opened(root), f"_{part}"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("0.jfif", "JPEG"), ("0.jpe", "JPEG"), ("0.ppm", "PPM"), ("0.pgm", "PPM"), ("0", "PNG")),
        *(("0.PNG", "PNG"), ("0.txt", "PNG"), ("0.png", "JPEG"), ("0.jpg?width=3", "WEBP"), ("0.gif", "PNG")),
        *(("0.jp2", "JPEG2000"), ("0.avif", "AVIF"), ("0.tga", "TGA"), ("0.ico", "ICO"), ("0.pcx", "PCX")),
        *(("0.qoi", "QOI"), ("0.sgi", "SGI"), ("0.dds", "DDS"), ("0.mpo", "MPO")),
    ],
)
def test_an_image_is_one_under_any_name(tmp_path, name, kind) -> None:
    for place in "ab":
        picture(tmp_path / place / name, kind)
    assert open_source(DataConfig(f"folder:{tmp_path}"), 4).class_counts == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty files"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "SVG (not supported)"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC (not supported)"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF (damaged or not supported)"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"%PDF-1.7", "PDF"),
        (b"label,file\n", "not images, or damaged"),
        (b"\x89PNG\r\n\x1a\n", "not images, or damaged"),
    ],
)
def test_what_is_no_image_is_counted_for_its_reason_and_named(tmp_path, caplog, content, reason) -> None:
    fill(tmp_path, "a", "b")
    for number in range(4):
        (tmp_path / "a" / f"x{number}.png").write_bytes(content)
    assert opened(tmp_path).class_counts == (2, 2)
    counted = f"4 of 8 files are left out: {reason}: 4 (a/x0.png, a/x1.png, a/x2.png, …)"
    assert counted in caplog.text


def test_a_file_that_may_not_be_read_is_counted_as_one(tmp_path) -> None:
    assert reason_of(tmp_path / "missing") == "not readable (No such file or directory)"


@pytest.mark.parametrize(
    "hidden",
    [
        *(".ipynb_checkpoints/0-checkpoint.png", "@eaDir/0.png", ".Trash-0/files/0.png", "__MACOSX/0.png"),
        *(
            "._0.png",
            "Thumbs.db",
            ".DS_Store",
            "desktop.ini",
            "deep/.thumbnails/deeper/0.png",
            "$RECYCLE.BIN/0.png",
        ),
    ],
)
def test_hidden_files_and_folders_are_left_out_and_counted(tmp_path, caplog, hidden) -> None:
    fill(tmp_path, "a", "b")
    picture(tmp_path / "a" / hidden)
    assert paths(tmp_path) == ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]
    counted = f"1 of 5 files are left out: hidden or system files: 1 (a/{hidden})"
    assert counted in caplog.text


@pytest.mark.parametrize("place", [".git", ".Trash-0", "@eaDir", "__MACOSX", ".ipynb_checkpoints"])
def test_a_hidden_folder_is_no_class(tmp_path, place) -> None:
    fill(tmp_path, "train/a", "train/b", f"train/{place}", "test/a", "test/b", f"test/{place}", place)
    source = opened(tmp_path)
    assert (source.classes, len(source.test())) == (("a", "b"), 4)


def test_images_beside_the_classes_are_counted(tmp_path, caplog) -> None:
    fill(tmp_path, "train/a", "train/b", "test/a", "", "train", count=1)
    (tmp_path / "labels.csv").write_text("file,label")
    opened(tmp_path)
    counted = "2 of 4 files are left out: images outside the class folders: 2 (train/0.png, 0.png)"
    assert counted in caplog.text


def test_links_to_folders_and_files_are_followed(tmp_path) -> None:
    elsewhere, root = fill(tmp_path / "disk", "one", "two/deeper", "three"), tmp_path / "data"
    fill(root, "a")
    (root / "a" / "more").symlink_to(elsewhere / "one")
    (root / "b").symlink_to(elsewhere / "two")
    (root / "b" / "single.png").symlink_to(elsewhere / "three" / "0.png")
    assert paths(root) == [
        *("a/0.png", "a/1.png", "a/more/0.png", "a/more/1.png"),
        *("b/deeper/0.png", "b/deeper/1.png", "b/single.png"),
    ]


@pytest.mark.parametrize("target", [".", "..", "../..", "/", "../a", "deep"])
def test_links_that_lead_back_end(tmp_path, target) -> None:
    root = fill(tmp_path / "data", "a", "a/deep", "b")
    (root / "a" / "deep" / "again").symlink_to(target if target == "/" else root / "a" / target)
    assert opened(root).class_counts == (4, 2)


def test_links_to_each_other_and_broken_ones_end(tmp_path, caplog) -> None:
    root = fill(tmp_path / "data", "a", "b")
    for one, other in (("x", "y"), ("y", "x"), ("gone", "nowhere")):
        (root / "a" / one).symlink_to(root / "a" / other)
    assert opened(root).class_counts == (2, 2)
    assert "3 of 7 files are left out: broken links or special files: 3 (a/gone" in caplog.text


def test_a_file_that_is_reached_twice_counts_once(tmp_path, caplog) -> None:
    elsewhere, root = fill(tmp_path / "disk", "one"), fill(tmp_path / "data", "a", "b")
    for name in ("x", "y"):
        (root / "a" / name).symlink_to(elsewhere / "one")
    (root / "a" / "z.png").symlink_to(root / "a" / "0.png")
    assert opened(root).class_counts == (4, 2)
    assert "duplicates by links: 2 (" in caplog.text


@pytest.mark.parametrize("linked", ["a/1.png", "a"])
def test_one_file_in_two_classes_is_refused(tmp_path, linked) -> None:
    root = fill(tmp_path, "a", "b")
    (root / "b" / "link").symlink_to(root / linked)
    with pytest.raises(InputError, match=r"are one file in two classes; remove one of the links"):
        opened(root)


def test_no_file_is_in_the_training_and_in_the_test(tmp_path, caplog) -> None:
    root = fill(tmp_path, "train/a", "train/b", "val/a", "test/a", "test/b")
    (root / "train" / "a" / "leak.png").symlink_to(root / "test" / "a" / "0.png")
    (root / "train" / "b" / "all").symlink_to(root / "test" / "b")
    (root / "val" / "a" / "leak.png").symlink_to(root / "test" / "a" / "0.png")
    (root / "train" / "a" / "seen.png").symlink_to(root / "val" / "a" / "1.png")
    source = opened(root)
    assert (source.train_count, source.validation_count, len(source.test())) == (4, 2, 4)
    assert (
        "also linked in test/: 4 (train/a/leak.png, train/b/all/0.png, train/b/all/1.png, …)" in caplog.text
    )
    assert "also linked in val/: 1 (train/a/seen.png)" in caplog.text


def test_splits_that_are_one_folder_are_refused(tmp_path) -> None:
    root = fill(tmp_path, "train/a", "train/b", "test/a")
    (root / "val").symlink_to(root / "test")
    with pytest.raises(InputError, match="val/ has no image; networks are compared on it"):
        opened(root)

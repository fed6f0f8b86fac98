"""Datasets of tensorflow-datasets as they are: ImageNet and CIFAR-10 from small files of the true format."""

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from eatnas_tf.configs import DataConfig, TrainingConfig
from eatnas_tf.errors import InputError
from eatnas_tf.training import examples
from eatnas_tf.training.data import open_source, split
from eatnas_tf.training.examples import Streamed, resized
from eatnas_tf.training.feed import feed_of
from eatnas_tf.training.tfds_source import ANEW
from eatnas_tf.training.trainer import Trainer
from eatnas_tf.training.whitening import Whitening

SYNSETS = ("n01440764", "n01443537", "n02119789")
TRAIN, VALIDATION, TEST = 12, 5, 3  # images; of a synset, in all, in all


def jpeg(seed, size=(40, 30)):
    """A smooth picture in bytes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def tar(members):
    """A tar of (name, content) pairs in bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def imagenet(data_dir, broken=()):
    """ImageNet's tar files where they are looked for: a tar of tars for train, a flat one for the others."""
    manual = data_dir / "downloads" / "manual"
    manual.mkdir(parents=True)
    synsets = [
        (
            f"{synset}.tar",
            tar(
                (f"{synset}_{number}.JPEG", (dict(broken).get((place, number)) or jpeg([place, number])))
                for number in range(TRAIN)
            ),
        )
        for place, synset in enumerate(SYNSETS)
    ]
    (manual / "ILSVRC2012_img_train.tar").write_bytes(tar(synsets))
    for part, count in (("val", VALIDATION), ("test", TEST)):
        names = (f"ILSVRC2012_{part}_{number:08d}.JPEG" for number in range(1, count + 1))
        content = [(name, jpeg([9, number])) for number, name in enumerate(names)]
        (manual / f"ILSVRC2012_img_{part}.tar").write_bytes(tar(content))
    return DataConfig("imagenet2012", str(data_dir), validation=7)


@pytest.fixture(scope="module")
def imagenet_config(tmp_path_factory):
    return imagenet(tmp_path_factory.mktemp("imagenet"))


def contents(*parts):
    return sorted(image.tobytes() for part in parts for image in part.images)


def test_imagenet_is_prepared_from_its_tar_files_and_tested_on_its_validation_split(imagenet_config, capsys):
    source = open_source(imagenet_config, 24)
    assert capsys.readouterr().out == ""
    source.refuse_without_test()
    assert (len(source.classes), source.channels, source.image_size) == (1000, 3, 24)
    assert source.classes[:2] == SYNSETS[:2]
    train, test = source.train(), source.test()
    assert {source.classes[label] for label in train.labels} == set(SYNSETS)
    assert (source.train_count, len(train), len(test)) == (3 * TRAIN, 3 * TRAIN, VALIDATION)
    assert not set(contents(train)) & set(contents(test))


@pytest.mark.parametrize("room", [0, 10**9], ids=["streamed", "in memory"])
def test_the_search_split_of_imagenet_comes_out_of_train_by_the_seed(imagenet_config, monkeypatch, room):
    monkeypatch.setattr(examples, "memory_limit", lambda: room)
    source = open_source(imagenet_config, 24)
    splits = [split(source.train(), imagenet_config, seed) for seed in (1, 1, 2)]
    read = [[part if room else part.read() for part in parts] for parts in splits]
    assert [len(part) for part in read[0]] == [3 * TRAIN - 7, 7]
    assert contents(*read[0]) == contents(*read[2])
    assert len(set(contents(*read[0]))) == 3 * TRAIN
    assert contents(read[0][1]) == contents(read[1][1])
    assert contents(read[0][1]) != contents(read[2][1])


def test_imagenets_images_are_evaluated_on_their_centre(imagenet_config, monkeypatch):
    config = replace(imagenet_config, centre_crop=0.5)
    held = open_source(config, 12).test()
    whole = tf.io.decode_jpeg(jpeg([9, 0])).numpy()
    assert resized(whole[None, 7:22, 12:27], 12)[0].tobytes() in contents(held)
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    streamed = open_source(config, 12).test()
    feed = feed_of(streamed, VALIDATION)
    images, labels = feed.batch(feed.begin(None), 0)
    assert np.abs(np.asarray(images) - held.images).max() <= 0.5
    np.testing.assert_array_equal(labels, held.labels)


@pytest.mark.parametrize("augmentation", ["area_crop", "scale_crop"])
def test_a_patch_of_a_jpeg_is_that_of_the_whole_image(imagenet_config, monkeypatch, augmentation):
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    train = open_source(imagenet_config, 16).train()
    feed = feed_of(train, len(train), TrainingConfig(augmentation=augmentation))
    found = feed.batch(feed.begin(np.random.default_rng(5)), 0)
    monkeypatch.setattr(type(train), "patches", Streamed.patches)
    expected = feed.batch(feed.begin(np.random.default_rng(5)), 0)
    np.testing.assert_array_equal(found[1], expected[1])
    difference = np.abs(np.asarray(found[0]) - np.asarray(expected[0]))
    assert difference.mean() < 0.1
    assert difference.max() < 4  # colours are interpolated from fewer neighbours at a cut
    assert np.asarray(found[0]).std() > 10


@pytest.mark.parametrize("augmentation", ["none", "area_crop"])
def test_what_is_no_jpeg_among_imagenets_images_is_left_out_and_counted(
    tmp_path, monkeypatch, caplog, augmentation
):
    broken = {(0, 1): b"no image", (1, 2): jpeg([1, 2])[:300], (2, 0): jpeg([2, 0])[:-400]}
    config = imagenet(tmp_path, broken)
    assert len(open_source(config, 16).train()) == 3 * TRAIN - 3
    assert caplog.text.count("3 of 36 images cannot be read") == 1
    caplog.clear()
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    feed = feed_of(open_source(config, 16).train(), 10, TrainingConfig(augmentation=augmentation))
    for epoch in range(2):
        state = feed.begin(np.random.default_rng(epoch), epoch)
        batches = [feed.load(feed.batch(state, number), 0, 1) for number in range(feed.steps)]
        assert sum(np.asarray(weights).sum() for _, _, weights in batches) == 3 * TRAIN - 3
        labels = np.concatenate([np.asarray(labels) for _, labels, _ in batches])
        assert len(labels) == 3 * TRAIN - 3
        assert set(np.bincount(labels)) == {0, TRAIN - 1}
    assert caplog.text.count("3 of 36 images cannot be read") == 1


def cifar10(data_dir, monkeypatch, counts):
    """CIFAR-10's archive with so many images a file: a byte of label, then planes of red, green and blue."""
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    rng = np.random.default_rng(0)
    members = [("batches.meta.txt", ("\n".join(names) + "\n\n").encode())]
    pixels = {}
    for file, count in counts.items():
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels[file] = rng.integers(0, 256, (count, 3, 32, 32), np.uint8)
        rows = np.concatenate([labels[:, None], pixels[file].reshape(count, -1)], axis=1)
        members.append((f"{file}.bin", rows.tobytes()))
    manual = data_dir / "downloads" / "manual"
    manual.mkdir(parents=True)
    path = manual / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    info = tfds.core.download.checksums.compute_url_info(path)
    real = tfds.builder

    def known(name, **options):
        builder = real(name, **options)
        builder.url_infos[url] = info
        return builder

    monkeypatch.setattr(tfds, "builder", known)
    return DataConfig("cifar10", str(data_dir)), names, pixels


def test_cifar10_is_prepared_from_its_archive(tmp_path, monkeypatch):
    counts = {f"data_batch_{number}": 20 for number in range(1, 6)} | {"test_batch": 30}
    config, names, pixels = cifar10(tmp_path, monkeypatch, counts)
    source = open_source(config, None)
    assert (source.classes, source.channels, source.image_size) == (tuple(names), 3, 32)
    train, test = source.train(), source.test()
    assert np.bincount(train.labels).tolist() == [10] * 10
    assert np.bincount(test.labels).tolist() == [3] * 10
    first = pixels["test_batch"][0].transpose(1, 2, 0)
    assert test.labels[[np.array_equal(image, first) for image in test.images]].tolist() == [0]
    parts = split(train, config, 3)
    assert [len(part) for part in parts] == [80, 20]


def test_a_missing_manual_download_says_what_to_put_where(tmp_path):
    config = DataConfig("imagenet2012", str(tmp_path))
    with pytest.raises(InputError) as caught:
        open_source(config, 24)
    said = str(caught.value)
    assert said.startswith(f"dataset 'imagenet2012' is downloaded by hand into {tmp_path}/downloads/manual, ")
    assert "which is missing or empty: manual_dir should contain two files: ILSVRC2012_img_train.tar" in said
    assert "\n" not in said
    imagenet(tmp_path)
    (tmp_path / "downloads/manual/ILSVRC2012_img_train.tar").write_bytes(b"no tar")
    with pytest.raises(InputError, match=r"could not be prepared \(ReadError: .*by hand into .*: manual_dir"):
        open_source(config, 24)


def test_imagenet_without_its_training_images_is_refused(tmp_path):
    config = imagenet(tmp_path)
    (tmp_path / "downloads/manual/ILSVRC2012_img_train.tar").unlink()
    with pytest.raises(InputError, match="dataset 'imagenet2012' has no train split to train on") as caught:
        open_source(config, 24)
    assert str(caught.value).endswith(
        f"; put its files into {tmp_path}/downloads/manual and delete {tmp_path}/imagenet2012/5.1.0 "
        "to have it prepared anew"
    )


def damaged_info(folder):
    (folder / "dataset_info.json").write_text('{"name": "sh')


def unreadable_info(folder):
    missing_info(folder)
    (folder / "dataset_info.json").mkdir()


def binary_info(folder):
    (folder / "dataset_info.json").write_bytes(b"\xff")


def missing_info(folder):
    (folder / "dataset_info.json").unlink()


def missing_shard(folder):
    next(folder.glob("*-train*")).unlink()


def short_shard(folder):
    shard = next(folder.glob("*-train*"))
    shard.write_bytes(shard.read_bytes()[:-10_000])


def damaged_shard(folder):
    shard = next(folder.glob("*-train*"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damaged_info, rf"/shapes_of_all_sizes: cannot be read \(ParseError: .*\); {ANEW}"),
        (binary_info, rf"/shapes_of_all_sizes: cannot be read \(RuntimeError: Unicode.*\); {ANEW}"),
        (unreadable_info, rf"/shapes_of_all_sizes: cannot be read \(DatasetInfoFileError: .*\); {ANEW}"),
        (missing_info, rf"/1\.0\.0/dataset_info\.json: no such file; {ANEW}"),
        (missing_shard, rf"-00000-of-00001: cannot be read \(No such file or directory\); {ANEW}"),
        (short_shard, rf"/1\.0\.0: its train split has 9\d,\d{{3}} bytes, expected \d\d,\d{{3}}; {ANEW}"),
    ],
)
def test_a_damaged_dataset_folder_is_refused_in_one_line(tmp_path, damage, message):
    config = DataConfig("shapes_of_all_sizes", str(tmp_path))
    open_source(config, 9)
    damage(tmp_path / "shapes_of_all_sizes" / "1.0.0")
    with pytest.raises(InputError, match=message) as caught:
        open_source(config, 9)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "shapes_of_all_sizes" / "1.0.0").is_dir()


@pytest.mark.parametrize(
    "wrong", ["shapes_of_all_sizes:9.9.9", "shapes_of_all_sizes/blue", "", ".", "../here"]
)
def test_nobody_is_told_to_delete_a_sound_dataset(tmp_path, wrong):
    data_dir = tmp_path / "here"
    open_source(DataConfig("shapes_of_all_sizes", str(data_dir)), 9)
    with pytest.raises(InputError, match=f"dataset '{wrong}' is not known"):
        open_source(DataConfig(wrong, str(data_dir)), 9)


@pytest.fixture
def stream(tmp_path, monkeypatch):
    """Images that are read as they are needed, and the folder of their files."""
    monkeypatch.setattr(examples, "memory_limit", lambda: 0)
    train = open_source(DataConfig("shapes_of_all_sizes", str(tmp_path)), 9).train()
    return train, tmp_path / "shapes_of_all_sizes" / "1.0.0"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damaged_shard, f"-train.tfrecord-00000-of-00001: a record in it is damaged; {ANEW}"),
        (missing_shard, rf"-00000-of-00001: cannot be read \(No such file or directory\); {ANEW}"),
    ],
)
def test_a_file_that_cannot_be_read_on_the_way_is_named(stream, reader, damage, message):
    train, folder = stream
    damage(folder)
    with pytest.raises(InputError, match=message) as caught:
        reader(train)
    assert "\n" not in str(caught.value)


def test_a_file_that_augmented_pictures_cannot_be_made_of_is_named(stream, strategy):
    train, folder = stream
    damaged_shard(folder)
    whitening = Whitening(np.zeros(3), np.ones(3))
    with pytest.raises(InputError, match="a record in it is damaged"):
        Trainer(strategy, train, TrainingConfig(batch_size=len(train)), whitening).augmented(1)


def test_an_error_that_no_file_is_to_blame_for_is_raised_as_it_is(stream):
    train, _ = stream
    with pytest.raises(tf.errors.DataLossError, match="of something else"), train.reading():
        raise tf.errors.DataLossError(None, None, "of something else")


def test_a_data_dir_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"could not be prepared \(NotADirectoryError"):
        open_source(DataConfig("shapes_of_all_sizes", str(tmp_path / "file")), 9)

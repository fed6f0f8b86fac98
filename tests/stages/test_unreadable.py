"""A dataset of which a file is damaged on the way ends a search in one line, and takes nothing from it."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow_datasets as tfds

from eatnas_tf.configs import (
    DataConfig,
    EvolutionConfig,
    FrameConfig,
    RuntimeConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
)
from eatnas_tf.errors import InputError
from eatnas_tf.stages import search, setting
from eatnas_tf.training import examples


class SmallNoise(tfds.core.GeneratorBasedBuilder):
    """Forty pictures of noise."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(6, 6, 3)),
            "label": tfds.features.ClassLabel(names=["a", "b"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for number in range(40):
            pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), np.uint8)
            yield number, {"image": pixels, "label": number % 2}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_record_ends_a_search_in_one_line_and_what_was_finished_stays(
    strategy, tmp_path, monkeypatch, workers
) -> None:
    for module in (examples, setting):
        monkeypatch.setattr(module, "memory_limit", lambda: 0)
    config = SearchConfig(
        frame=FrameConfig(strides=(1,), stem_filters=2, head_filters=2),
        space=SpaceConfig(blocks=1, depth_choices=(1,)),
        data=DataConfig("small_noise", str(tmp_path / "data")),
        training=TrainingConfig(batch_size=8),
        evolution=EvolutionConfig(population=3, sample=2, cycles=1),
        workers=workers,
    )
    runtime, run = RuntimeConfig(str(tmp_path / "run")), tmp_path / "run"
    search.run(config, runtime)
    kept = {name: (run / name).read_bytes() for name in ("journal.jsonl", "channels.json")}
    (shard,) = (tmp_path / "data" / "small_noise" / "1.0.0").glob("*-train*")
    sound = shard.read_bytes()
    shard.write_bytes(sound[:-20] + bytes(20))
    longer = replace(config, evolution=replace(config.evolution, cycles=2))
    with pytest.raises(InputError) as caught:
        search.run(longer, runtime)
    assert str(caught.value) == (
        f"{shard}: a record in it is damaged; "
        "restore it, or delete the dataset's folder to have it prepared anew"
    )
    assert {name: (run / name).read_bytes() for name in kept} == kept
    shard.write_bytes(sound)
    search.run(longer, runtime)
    assert (run / "journal.jsonl").read_bytes().startswith(kept["journal.jsonl"])

"""The stages from Python."""

import json
import subprocess
import sys

import numpy as np
import pytest

import eatnas_tf
from eatnas_tf.configs import (
    DataConfig,
    EvolutionConfig,
    FrameConfig,
    RetrainConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
    TransferConfig,
)
from eatnas_tf.errors import InputError

FRAME = FrameConfig(strides=(2, 2), stem_filters=4, head_filters=8)
CONFIG = SearchConfig(
    FRAME,
    SpaceConfig(blocks=2, depth_choices=(1,)),
    training=TrainingConfig(batch_size=32, augmentation="none"),
    evolution=EvolutionConfig(population=3, sample=2, cycles=3, target=1000),
    top_k=1,
    workers=1,
)
CODE = "sep_k3_s1_w1.0_d1-sep_k3_s1_w1.0_d1"


class Diary(eatnas_tf.Callback):
    """Keeps what it hears; after `enough` candidates it has enough."""

    def __init__(self, enough: int = 100) -> None:
        self.enough, self.ids, self.epochs = enough, [], []

    def on_candidate(self, individual, search) -> None:
        self.ids.append(individual.id)
        assert search.told[individual.id] is individual
        if len(self.ids) == self.enough:
            raise eatnas_tf.Enough("seen enough")

    def on_epoch(self, network, epoch) -> None:
        self.epochs.append((network, epoch.number))


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    images = (
        rng.integers(0, 100, (120, 8, 8, 1), np.uint8) + labels[:, None, None, None].astype(np.uint8) * 100
    )
    return images, labels


@pytest.fixture(scope="module")
def data(arrays):
    return eatnas_tf.Datasets(arrays, arrays, ["dark", "light"])


@pytest.fixture(scope="module")
def found(strategy, data, tmp_path_factory):
    diary = Diary()
    result = eatnas_tf.search(CONFIG, tmp_path_factory.mktemp("api") / "search", data, [diary])
    assert diary.ids == list(range(6))
    return result


def _told(result) -> tuple:
    """A result without its folder, and without seconds, which a journal rounds."""
    return result.finished, result.quality, [(one.candidate, one.score) for one in result.population]


def test_the_package_itself_imports_no_stage(tmp_path) -> None:
    code = (
        "import sys, eatnas_tf\n"
        "before = {name for name in sys.modules if name.startswith('eatnas_tf.')}\n"
        "assert {'search', 'Datasets'} <= set(dir(eatnas_tf))\n"
        "eatnas_tf.search\n"
        "print(before, 'eatnas_tf.api' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'eatnas_tf.checkout'} True False"
    with pytest.raises(AttributeError, match="no attribute 'serach'"):
        eatnas_tf.serach  # noqa: B018


def test_a_search_gives_back_its_best_population(found) -> None:
    assert found.finished == "all 3 cycles done"
    scores = [one.score for one in found.population]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    best = json.loads((found.workdir / "best.json").read_text())
    assert (best["architecture"], best["quality"]) == (str(found.architecture), found.quality)


def test_another_call_goes_on_with_the_same_data_only(found, data, arrays) -> None:
    assert _told(eatnas_tf.search(CONFIG, found.workdir, data)) == _told(found)
    with pytest.raises(InputError, match="search has seen other images than those that were handed in"):
        eatnas_tf.search(CONFIG, found.workdir, eatnas_tf.Datasets((255 - arrays[0], arrays[1])))


def test_a_callback_ends_a_search_with_the_best_so_far(found, data, tmp_path) -> None:
    diary = Diary(enough=4)
    ended = eatnas_tf.search(CONFIG, tmp_path / "run", data, [diary])
    assert (ended.finished, diary.ids) == ("seen enough", [0, 1, 2, 3])
    further = Diary()
    assert _told(eatnas_tf.search(CONFIG, tmp_path / "run", data, [further])) == _told(found)
    assert further.ids == [4, 5]


def test_enough_before_there_is_a_best_is_refused(data, strategy, tmp_path) -> None:
    with pytest.raises(
        InputError, match="seen enough after 1 of the first 3 architectures: there is no best"
    ):
        eatnas_tf.search(CONFIG, tmp_path / "run", data, [Diary(enough=1)])


def test_a_callback_that_raises_loses_nothing(data, strategy, tmp_path) -> None:
    class Broken(eatnas_tf.Callback):
        def on_candidate(self, individual, search) -> None:
            if individual.id == 2:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        eatnas_tf.search(CONFIG, tmp_path / "run", data, [Broken()])
    assert len((tmp_path / "run" / "journal.jsonl").read_text().splitlines()) == 1 + 3


def test_retraining_and_evaluation_give_back_what_they_found(found, data, tmp_path) -> None:
    diary = Diary()
    config = RetrainConfig(
        top_k=1, frame=FRAME, training=TrainingConfig(epochs=2, batch_size=32, learning_rate=0.1)
    )
    result = eatnas_tf.retrain(config, tmp_path / "retrain", found, data, [diary])
    assert (result.architecture, result.classes) == (found.architecture, ("dark", "light"))
    assert diary.epochs == [("network1", 1), ("network1", 2)]
    measured = eatnas_tf.evaluate(result, data)
    assert (measured.top1, measured.images) == (pytest.approx(result.top1), 120)
    assert sum(hits for hits, _ in measured.by_class.values()) == pytest.approx(120 * measured.top1)
    logits = result.model()(data.train[0].astype(np.float32))
    assert np.mean(np.argmax(logits, -1) == data.train[1]) == pytest.approx(result.top1)
    with pytest.raises(
        InputError,
        match="has classes that the model does not know: 'a', 'b', 'c'; the model also knows 'dark'",
    ):
        eatnas_tf.evaluate(result, eatnas_tf.Datasets(data.train, data.test, ["a", "b", "c"]))
    with pytest.raises(InputError, match="--dataset=fashion_mnist_mini has classes that the model does not"):
        eatnas_tf.evaluate(tmp_path / "retrain", DataConfig(dataset="fashion_mnist_mini"))
    with pytest.raises(InputError, match=r"--dataset=given:\w+ was handed in by a program; hand it in again"):
        eatnas_tf.evaluate(result)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run, data: eatnas_tf.search({}, run, data), "config: expected a SearchConfig, not dict"),
        (
            lambda run, data: eatnas_tf.transfer(CONFIG, run, run / "old", data),
            "config: expected a TransferConfig, not SearchConfig",
        ),
        (
            lambda run, data: eatnas_tf.retrain(CONFIG, run, run / "old", data),
            "config: expected a RetrainConfig, not SearchConfig",
        ),
        *(
            (
                lambda run, data, given=given: eatnas_tf.search(CONFIG, run, data, given),
                "callbacks: expected a list of eatnas_tf.Callback; give [Yours()]",
            )
            for given in (Diary, [Diary], Diary(), [print])
        ),
        (lambda run, data: eatnas_tf.search(CONFIG, run, "cifar10"), "data: expected Datasets, not str"),
        (
            lambda run, data: eatnas_tf.transfer(TransferConfig(FRAME, CONFIG.space), run, data=data),
            "give one of --from=WORKDIR and --architecture=CODE",
        ),
        (
            lambda run, data: eatnas_tf.retrain(RetrainConfig(architecture=CODE), run, run / "old", data),
            "give one of --from=WORKDIR and --architecture=CODE",
        ),
        (
            lambda run, data: eatnas_tf.retrain(RetrainConfig(), run, run / "old"),
            "best.json: no such file; expected the work folder of an earlier stage",
        ),
        (
            lambda run, data: eatnas_tf.retrain(
                RetrainConfig(architecture=CODE, frame=FRAME), run, data=eatnas_tf.Datasets(data.train)
            ),
            "data: no test split; a retraining ends with a test",
        ),
    ],
)
def test_wrong_input_is_refused_before_anything_is_written(data, tmp_path, call, message) -> None:
    with pytest.raises(InputError) as refused:
        call(tmp_path / "run", data)
    assert message in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_centre_crop_of_images_that_are_handed_in_is_refused(tmp_path) -> None:
    images, labels = np.zeros((10, 8, 8, 1), np.uint8), np.arange(10) % 2
    config = SearchConfig(FRAME, data=DataConfig(centre_crop=0.5))
    with pytest.raises(InputError, match="centre_crop is for a dataset named in the config"):
        eatnas_tf.search(config, tmp_path / "run", eatnas_tf.Datasets((images, labels)))
    assert not (tmp_path / "run").exists()

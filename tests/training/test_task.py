"""Another task than classification: how steeply an image brightens to the right, as one number."""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np
import pytest
import tensorflow as tf

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.layers import Dense, Frame, GlobalAveragePool, count, expand
from eatnas_tf.network.weight_store import WeightFolder
from eatnas_tf.searches import (
    ACCURACY,
    Alone,
    Journal,
    Ledger,
    Limits,
    Proposal,
    Score,
    Search,
    random_population,
    run_with,
)
from eatnas_tf.searches.journal import individuals, line_of
from eatnas_tf.space import Architecture, SearchSpace
from eatnas_tf.stages.evaluation import Evaluator
from eatnas_tf.training.augmentation import augmentation
from eatnas_tf.training.engine import KerasEngine
from eatnas_tf.training.evaluation import evaluation
from eatnas_tf.training.examples import Examples
from eatnas_tf.training.shared_graph.engine import SharedGraph
from eatnas_tf.training.task import CLASSIFICATION
from eatnas_tf.training.trainer import Trainer

SIZE = 8
FRAME = Frame(image_size=SIZE, channels=1, stem_stride=1, strides=(1, 2), head_filters=16)
CODE = Architecture.parse("sep_k3_s0_w1.0_d1-sep_k3_s0_w1.0_d1")
RECIPE = TrainingConfig(epochs=12, batch_size=20, learning_rate=0.05, augmentation="flip", schedule="cosine")


@dataclass(frozen=True)
class Regression:
    """The slope, -1 to 1; float32 labels (batch,). A mirrored image has the opposite one."""

    metric: ClassVar[str] = "closeness"
    values: ClassVar[tuple[str, ...]] = ("loss", "squared_error")

    def head(self, name, channels, frame, dropout):
        return [GlobalAveragePool(f"{name}_pool"), Dense(f"{name}_slope", channels, 1)]

    def augmented(self, augment, images, labels, seed):
        """A ramp, augmented as the images are, tells which of them were mirrored."""
        ramp = tf.tile(RAMP[None, None, :, None], [tf.shape(images)[0], SIZE, 1, 1])
        ramp = augment(ramp, seed)
        return augment(images, seed), labels * tf.sign(ramp[:, 0, -1, 0] - ramp[:, 0, 0, 0])

    def losses(self, labels, outputs, recipe):
        return tf.square(outputs[:, 0] - labels)

    def trained(self, labels, outputs):
        return tf.cast(self.losses(labels, outputs, None) < 0.01, tf.float32)

    def evaluated(self, labels, outputs):
        squared = self.losses(labels, outputs, None)
        return tf.abs(outputs[:, 0] - labels), squared

    def metrics(self, means):
        rmse = math.sqrt(means["squared_error"])
        return {"closeness": 1 / (1 + rmse), "rmse": rmse}


RAMP = np.linspace(-1, 1, SIZE, dtype=np.float32)
TASK = Regression()
NETWORK_OF = partial(expand, frame=FRAME, head=TASK.head)


def ramps(total: int, seed: int) -> Examples:
    """Noise on ramps that brighten to the right; only augmentation makes others of them."""
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(0.1, 1, total).astype(np.float32)
    images = (
        128 + 100 * slopes[:, None, None, None] * RAMP[:, None] + rng.uniform(-10, 10, (total, SIZE, SIZE, 1))
    )
    return Examples(images.astype(np.uint8), slopes)


@pytest.fixture(scope="module")
def trainer(strategy) -> Trainer:
    return Trainer(strategy, ramps(200, 0), RECIPE, task=TASK)


def test_the_score_of_a_classification_is_made_of_the_accuracy() -> None:
    assert CLASSIFICATION.metric == ACCURACY


def test_labels_follow_their_images_through_the_augmentation() -> None:
    examples = ramps(50, 1)
    images, labels = tf.constant(examples.images, tf.float32), tf.constant(examples.labels)
    found, moved = TASK.augmented(augmentation("flip"), images, labels, tf.constant([3, 4]))
    slopes = np.tensordot(np.mean(found, axis=(1, 3)), RAMP, 1) / (100 * RAMP @ RAMP)
    assert np.allclose(slopes, moved, atol=0.1)
    assert 10 < np.count_nonzero(np.asarray(moved) < 0) < 40


def test_a_head_is_the_tasks_in_counting_and_in_the_auxiliary_tower() -> None:
    network = NETWORK_OF(CODE, auxiliary=True)
    assert [spec.name for spec in network.head[-2:]] == ["head_pool", "head_slope"]
    assert network.auxiliary[-1] == Dense("auxiliary_slope", 768, 1)
    assert count(expand(CODE, FRAME)).params - count(NETWORK_OF(CODE)).params == 999 * 17


def test_a_network_learns_a_task_and_is_measured_by_it(trainer) -> None:
    engine, there = KerasEngine(trainer), ramps(60, 2)
    mirrored = Examples(there.images[:, :, ::-1], -there.labels)
    validation = Examples(
        np.concatenate([there.images, mirrored.images]), np.concatenate([there.labels, mirrored.labels])
    )
    trainee = engine.load(NETWORK_OF(CODE), [0])
    before, epochs = trainee.evaluate(validation), []
    assert trainee.train(0, epochs.append)
    found = trainee.evaluate(validation)
    assert epochs[-1].loss < epochs[0].loss / 2
    assert found.means["squared_error"] < before.means["squared_error"] / 2
    assert (found.count, found.loss) == (120, found.means["loss"])
    assert math.isnan(found.top1)
    outputs = trainee._model(trainer.whitening(validation.images), training=False)[:, 0]
    assert found.loss == pytest.approx(np.abs(outputs - validation.labels).mean(), rel=1e-4)
    assert (
        found == evaluation(trainer.strategy, trainee._model, validation, trainer.whitening, task=TASK)()
    )  # as a stage would measure it


def test_the_shared_graph_gives_other_tasks_to_keras(trainer) -> None:
    keras_engine = KerasEngine(trainer)
    trainee = SharedGraph(trainer, 10, otherwise=keras_engine).load(NETWORK_OF(CODE), [0])
    assert type(trainee) is type(keras_engine.load(NETWORK_OF(CODE), [0]))


class Children:
    """Proposes children of the best."""

    def ask(self, ledger, rng: Random) -> Proposal:
        return Proposal(SPACE.sample(rng), ledger.best.id)

    def tell(self, ledger, individual) -> None:
        pass


SPACE = SearchSpace(2)


def searched(trainer, folder: Path, cycles: int) -> Ledger:
    """A search that goes on from the journal in the folder."""
    evaluator = Evaluator(
        NETWORK_OF,
        KerasEngine(trainer),
        ramps(60, 2),
        lambda network: count(network).params,
        "flexible",
        0,
        WeightFolder(folder),
        purpose=TASK,
    )
    ledger = Ledger(2, Score(1e4), limits=Limits(cycles), metric=TASK.metric)
    search = Search(random_population(SPACE, 2, 0), Children(), ledger)
    with Journal(folder / "journal.jsonl") as journal:
        for individual in individuals(journal):
            search.restore(individual)
        run_with(search, Alone(evaluator), lambda one: journal.append(line_of(one, ledger.quality)))
    return ledger


def test_a_search_for_another_task_keeps_its_journal_as_any_and_goes_on(trainer, tmp_path) -> None:
    trainer = Trainer(trainer.strategy, ramps(100, 0), TrainingConfig(epochs=1, batch_size=20), task=TASK)
    first = searched(trainer, tmp_path, 1)
    before = (tmp_path / "journal.jsonl").read_bytes()
    ledger = searched(trainer, tmp_path, 2)
    journal = Journal(tmp_path / "journal.jsonl")
    assert journal.path.read_bytes().startswith(before)
    facts = [
        [(one.candidate, one.measurement.metrics, one.score) for one in told.told.values()]
        for told in (first, ledger)
    ]
    assert facts[0] == facts[1][:3]
    assert len(journal.lines) == 4
    for line, one in zip(journal.lines, ledger.told.values(), strict=True):
        assert "accuracy" not in line
        assert line["metrics"] == one.measurement.metrics
        assert set(line["metrics"]) == {"closeness", "rmse"}
        assert one.score == Score(1e4)(line["metrics"]["closeness"], line["size"])
    assert sum(journal.lines[-1]["inherited"].values()) > 0

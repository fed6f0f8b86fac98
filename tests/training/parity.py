"""The shared graph beside Keras models, on the same random codes: prints how far apart they are, as JSON.

    python parity.py CODES FOLDING

A script, since only a process of its own can choose TensorFlow's kernels (TF_ENABLE_ONEDNN_OPTS) and how much
batch normalisation is folded.
"""

import json
import sys
from random import Random

import numpy as np
import tensorflow as tf

from eatnas_tf.configs import DataConfig, FrameConfig, SpaceConfig, TrainingConfig
from eatnas_tf.layers import Frame, expand
from eatnas_tf.network.builder import build
from eatnas_tf.stages.plans import search_space
from eatnas_tf.training.data import open_source, split
from eatnas_tf.training.engine import KerasEngine
from eatnas_tf.training.shared_graph import program
from eatnas_tf.training.shared_graph.engine import SharedGraph
from eatnas_tf.training.strategy import configure
from eatnas_tf.training.trainer import Trainer

STEPS = 10
BATCH = 64
FRAMES = [
    Frame(14, 1, 10, 8, 1, (1, 2, 1, 2), 24, shortcut=shortcut) for shortcut in ("projection", "identity")
]


def main(count, folding):
    program.FOLDING = folding
    strategy = configure("one_device")
    images, held_out = split(open_source(DataConfig(), 14).train(), DataConfig(train_examples=BATCH + 71), 0)
    one_step = TrainingConfig(1, BATCH, 1.0, momentum=0.0, weight_decay=0.0, augmentation="none")
    recipe = TrainingConfig(STEPS, BATCH, 0.01, weight_decay=3e-4, augmentation="crop_flip")
    first, ten = (Trainer(strategy, images.take(np.arange(BATCH)), config) for config in (one_step, recipe))
    engines = [(SharedGraph(trainer, 10, otherwise=None), KerasEngine(trainer)) for trainer in (first, ten)]
    space, shallow = (
        search_space(SpaceConfig(blocks=4, depth_choices=depths), FrameConfig(strides=(1, 2, 1, 2)))
        for depths in ((1, 2, 3, 4), (1,))  # deeper networks do not repeat their tenth step: see below
    )
    draw = Random(3)
    for number in range(count):
        architecture = space.sample(draw)
        network = expand(architecture, FRAMES[number % 2])
        found = {"code": str(architecture), "gradient": gradient_error(engines[0][0], network, first, number)}
        if number % 3 == 0:
            network = expand(shallow.sample(draw), FRAMES[number % 2])
            found["shallow"] = gradient_error(engines[0][0], network, first, number)
            found |= ten_steps(engines[1], network, number, held_out)
        print(json.dumps(found))


def gradient_error(shared, network, trainer, seed):
    """Distance of the first step's gradients over the length of Keras's."""
    trainee = shared.load(network, [seed])
    before = trainee.weights()
    assert trainee.train(seed)
    after = trainee.weights()
    model = build(network, seed=[seed])
    images, labels, _ = trainer.feed.load(
        trainer.feed.batch(trainer.feed.begin(np.random.default_rng([seed, 0])), 0), 0, 1
    )
    with tf.GradientTape() as tape:
        logits = model(trainer.whitening(images), training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    ours = flat([before[one.path].astype(np.float64) - after[one.path] for one in variables])
    theirs = flat([np.asarray(gradient) for gradient in gradients])
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def ten_steps(engines, network, seed, held_out):
    """Relative differences of what two engines come to: losses, moving statistics, evaluation.

    Training is chaotic: of a network of four layers a block, two Keras models whose weights differ by 1e-7
    are as far apart after ten steps (1 % of the loss) as two engines are.
    """
    found = []
    for engine in engines:
        trainee, losses = engine.load(network, [seed]), []
        assert trainee.train(seed, lambda epoch, losses=losses: losses.append(epoch.loss))
        weights = trainee.weights()
        moving = flat([weights[name] for name in sorted(weights) if "moving" in name])
        found.append((losses, moving, trainee.evaluate(held_out)))
        trainee.close()
    (losses, moving, evaluation), (keras_losses, keras_moving, keras_evaluation) = found
    return {
        "losses": max(abs(a / b - 1) for a, b in zip(losses, keras_losses, strict=True)),
        "moving": float(np.linalg.norm(moving - keras_moving) / np.linalg.norm(keras_moving)),
        "evaluation": abs(evaluation.loss / keras_evaluation.loss - 1),
        "top1": abs(evaluation.top1 - keras_evaluation.top1) * evaluation.count,
    }


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))

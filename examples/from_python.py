# %% [markdown]
# # A search from Python
#
# The whole job on datasets of your own, without flags. Run this file as it is, or cell by cell in an editor
# that knows `# %%`. It takes about a minute on two cores.

# %%
import dataclasses
import importlib.resources

import numpy as np
import tensorflow as tf

import eatnas_tf
from eatnas_tf import registry
from eatnas_tf.configs import (
    EvolutionConfig,
    FrameConfig,
    RetrainConfig,
    SearchConfig,
    SpaceConfig,
    TrainingConfig,
    TransferConfig,
)

# %% [markdown]
# ## Two tasks
#
# Any `tf.data.Dataset` of (uint8 image, whole label) will do, or a pair of arrays. Here the small task is to
# tell five kinds of clothing apart, the large one to tell all ten.

# %%
file = importlib.resources.files("eatnas_tf.data") / "fashion_mnist_mini.npz"
arrays = dict(np.load(str(file), allow_pickle=False))
names = arrays["classes"].tolist()


def pairs(part, classes, count):
    images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    chosen = np.flatnonzero(labels < classes)[:count]
    images = images[chosen, ..., None] if images.ndim == 3 else images[chosen]
    return tf.data.Dataset.from_tensor_slices((images, labels[chosen].astype(np.int64))).batch(100)


small = eatnas_tf.Datasets(pairs("train", 5, 800), pairs("test", 5, 300), names[:5])
large = eatnas_tf.Datasets(pairs("train", 10, 1500), pairs("test", 10, 600), names)

# %% [markdown]
# ## A part and a callback of one's own


# %%
def larger_kernel(architecture, block, space, rng):
    larger = [k for k in space.primitive("kernel").choices if k > architecture[block]["kernel"]]
    return architecture.replace(block, kernel=min(larger)) if larger else architecture


registry.add("mutations", "larger_kernel", larger_kernel)


class Diary(eatnas_tf.Callback):
    def __init__(self):
        self.scores = []
        self.epochs = []

    def on_candidate(self, individual, search):
        self.scores.append(individual.score)
        if individual.measurement.accuracy > 0.999:
            raise eatnas_tf.Enough("accurate enough")

    def on_epoch(self, network, epoch):
        self.epochs.append((network, epoch.number, epoch.loss))


diary = Diary()

# %% [markdown]
# ## Search on the small task

# %%
frame = FrameConfig(image_size=14, strides=(2, 1, 2), stem_filters=8, head_filters=64)
space = SpaceConfig(blocks=3, depth_choices=(1, 2))
evolution = EvolutionConfig(
    population=4, sample=2, cycles=6, target=10_000, mutations=("larger_kernel", "conv", "width", "depth")
)
training = TrainingConfig(batch_size=64, learning_rate=0.1, augmentation="flip")

found = eatnas_tf.search(
    SearchConfig(frame, space, training=training, evolution=evolution, top_k=2),
    "runs/python/1-search",
    data=small,
    callbacks=[diary],
)
print(found.finished, found.architecture, max(diary.scores))

# %% [markdown]
# ## Retrain its best two, and transfer the better one to the large task

# %%
recipe = TrainingConfig(
    epochs=3, batch_size=64, learning_rate=0.1, schedule="cosine", augmentation="flip", weight_decay=2e-3
)
basic = eatnas_tf.retrain(
    RetrainConfig(top_k=2, frame=frame, training=recipe),
    "runs/python/2-retrain",
    found,
    data=small,
    callbacks=[diary],
)
larger_frame = dataclasses.replace(frame, image_size=28)
transferred = eatnas_tf.transfer(
    TransferConfig(larger_frame, space, training=training, evolution=evolution, top_k=1),
    "runs/python/3-transfer",
    basic,
    data=large,
)
final = eatnas_tf.retrain(
    RetrainConfig(top_k=1, frame=larger_frame, training=recipe),
    "runs/python/4-retrain",
    transferred,
    data=large,
)

# %% [markdown]
# ## The result: a plain Keras model

# %%
measured = eatnas_tf.evaluate(final, large)
print(f"{measured.architecture}: {measured.params:,} params, top-1 {100 * measured.top1:.1f} %")
model = final.model()
images, labels = next(iter(large.test))
print("by the model itself:", np.mean(np.argmax(model.predict(images, verbose=0), -1) == labels))

"""What a network is trained for: its head, loss and metrics, and what augmentation does to the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from eatnas_tf.configs import TrainingConfig
from eatnas_tf.layers import Frame, Spec, class_logits
from eatnas_tf.training.augmentation import Augment
from eatnas_tf.training.losses import cross_entropy, hits


class LearningTask(Protocol):
    """What a network is for. A trainer, an evaluator and `expand` (by its `head`) take one.

    Labels are an array with a row for every image, of any shape and kind; streamed images have whole numbers
    only. Outputs are what the network gives for a batch, float32. Methods with `labels` run in a graph.
    """

    @property
    def metric(self) -> str:
        """The metric that a score is made of: larger is better, and 0 is the worst."""
        ...

    @property
    def values(self) -> Sequence[str]:
        """Names of what `evaluated` gives."""
        ...

    def head(self, name: str, channels: int, frame: Frame, dropout: float) -> list[Spec]:
        """The specs behind the last features, which have so many channels; spec names begin with `name`.

        It is called for the head and, with another name, for the auxiliary tower.
        """
        ...

    def augmented(self, augment: Augment, images: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        """Images and labels after `augment(images, seed)`.

        `augment` is repeatable: with the same seed it moves pictures of the same height and width, such as
        masks, in the same way. Random patches of streamed images are cut before that; labels do not see it.
        """
        ...

    def losses(self, labels: Any, outputs: Any, recipe: TrainingConfig) -> Any:
        """What is minimised: the loss of every image, (batch,)."""
        ...

    def trained(self, labels: Any, outputs: Any) -> Any:
        """A value of every image, (batch,), whose mean is an epoch's `accuracy`."""
        ...

    def evaluated(self, labels: Any, outputs: Any) -> Sequence[Any]:
        """Values of every image, each (batch,), whose means are an Evaluation's; the first is the loss."""
        ...

    def metrics(self, means: Mapping[str, float]) -> dict[str, float]:
        """Metrics by name, `metric` among them, of the means of `values`."""
        ...


@dataclass(frozen=True)
class Classification:
    """One class an image: cross-entropy, top-1 and top-5. Labels are class numbers, (batch,)."""

    metric: ClassVar[str] = "accuracy"
    values: ClassVar[tuple[str, ...]] = ("loss", "top1", "top5")

    def head(self, name: str, channels: int, frame: Frame, dropout: float) -> list[Spec]:
        return class_logits(name, channels, frame, dropout)

    def augmented(self, augment: Augment, images: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        return augment(images, seed), labels

    def losses(self, labels: Any, outputs: Any, recipe: TrainingConfig) -> Any:
        return cross_entropy(labels, outputs, recipe.label_smoothing)

    def trained(self, labels: Any, outputs: Any) -> Any:
        return hits(outputs, labels, 1)

    def evaluated(self, labels: Any, outputs: Any) -> Sequence[Any]:
        return cross_entropy(labels, outputs, 0), hits(outputs, labels, 1), hits(outputs, labels, 5)

    def metrics(self, means: Mapping[str, float]) -> dict[str, float]:
        return {self.metric: means["top1"]}


CLASSIFICATION = Classification()

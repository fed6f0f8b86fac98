"""What one pass over the training images came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """Mean loss (without the weight penalty) and accuracy over one epoch, and its last learning rate."""

    number: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float

    def scalars(self) -> dict[str, float]:
        """What its curves show, by TensorBoard tag."""
        return {
            "train/loss": self.loss,
            "train/accuracy": self.accuracy,
            "train/learning_rate": self.learning_rate,
        }


OnEpoch = Callable[[Epoch], None]

"""What one PyTorch process does with a candidate: eager, channels last, one thread."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks import report
from benchmarks.engines import torch_network
from benchmarks.task import (
    BATCH,
    EVALUATION_BATCH,
    LEARNING_RATE,
    MOMENTUM,
    WEIGHT_DECAY,
    Task,
    Whitened,
    network_of,
)
from eatnas_tf.space import Architecture


@dataclass(frozen=True)
class Examples:
    """Images (count, 1, 28, 28) and labels as tensors."""

    images: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def of(cls, whitened: Whitened) -> Examples:
        images = torch.from_numpy(whitened.images).permute(0, 3, 1, 2)
        return cls(images, torch.from_numpy(whitened.labels).long())


class Worker:
    """Evaluates codes on images that lie in memory."""

    def __init__(self, task: Task) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(task.seed)
        self._task = task
        self._train, self._evaluation = map(Examples.of, task.arrays())

    def evaluate(self, code: Architecture) -> report.Evaluation:
        begun = perf_counter()
        model = torch_network.build(network_of(code))
        steps = train(model, self._train)
        evaluation_steps, loss, accuracy = measure(model, self._evaluation)
        del model
        seconds = perf_counter() - begun
        return report.timed(self._task, str(code), seconds, steps, evaluation_steps, loss, accuracy)


def train(model: nn.Module, examples: Examples) -> list[float]:
    """One epoch in random order; the clock at the end of every step."""
    kernels = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    groups: list[dict[str, Any]] = [{"params": kernels, "weight_decay": WEIGHT_DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, LEARNING_RATE, MOMENTUM, fused=True)
    ends = []
    model.train()
    for batch in torch.randperm(len(examples.labels)).split(BATCH):
        loss = functional.cross_entropy(model(examples.images[batch]), examples.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ends.append(perf_counter())
    return ends


@torch.inference_mode()
def measure(model: nn.Module, examples: Examples) -> tuple[list[float], float, float]:
    """The clock at the end of every step, mean loss, accuracy."""
    ends, loss, hits = [], 0.0, 0
    model.eval()
    batches = examples.images.split(EVALUATION_BATCH), examples.labels.split(EVALUATION_BATCH)
    for images, labels in zip(*batches, strict=True):
        logits = model(images)
        loss += functional.cross_entropy(logits, labels, reduction="sum").item()
        hits += int((logits.argmax(1) == labels).sum())
        ends.append(perf_counter())
    return ends, loss / len(examples.labels), hits / len(examples.labels)

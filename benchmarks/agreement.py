"""Whether the PyTorch network is the Keras network: the logits of both from the same weights.

In double precision: with the statistics of a batch, single precision alone makes both differ in the fourth
digit. Run as `python -m benchmarks.agreement` where PyTorch is installed.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from torch import nn

from benchmarks.engines import stock_network, torch_network
from benchmarks.task import Task, network_of
from eatnas_tf.layers import Network
from eatnas_tf.network.initial import Weights, initial_weights

TOLERANCE = 1e-4


def main() -> None:
    keras.config.set_floatx("float64")
    task = Task(images=64, candidates=4)
    images = task.arrays()[0].images.astype(np.float64)
    for code in task.codes():
        inference, training = disagreements(network_of(code), images)
        print(f"{code}: {inference:.1e} in inference, {training:.1e} in training", flush=True)
        if not max(inference, training) < TOLERANCE:
            raise SystemExit(f"the logits differ by more than {TOLERANCE}")


def disagreements(network: Network, images: np.ndarray) -> tuple[float, float]:
    """Largest difference of a logit, relative to the largest logit: in inference, in training."""
    weights = _weights(network)
    in_keras, in_torch = stock_network.compiled(network), torch_network.build(network).double()
    for variable in in_keras.weights:
        variable.assign(weights[variable.path])
    take_weights(in_torch, network, weights)
    inference, training = (_disagreement(in_keras, in_torch, images, training) for training in (False, True))
    return inference, training


@torch.no_grad()
def take_weights(model: nn.Module, network: Network, weights: Weights) -> None:
    """Gives a PyTorch model the weights that have Keras's names and shapes."""
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
    modules = [module for module in model.modules() if isinstance(module, kinds)]
    specs = [spec for spec in network.named_specs() if spec.variables()]
    for module, spec in zip(modules, specs, strict=True):
        values = [torch.from_numpy(weights[f"{spec.name}/{variable.name}"]) for variable in spec.variables()]
        targets = [module.weight, module.bias][: len(values)]
        if isinstance(module, nn.BatchNorm2d):
            targets += [module.running_mean, module.running_var]
        else:
            values[0] = _transposed(values[0], module)
        for target, value in zip(targets, values, strict=True):
            target.copy_(value)


def _weights(network: Network) -> dict[str, np.ndarray]:
    """Initial weights, and every variable that would be constant off its constant."""
    rng = np.random.default_rng(0)
    return {
        name: value if name.endswith("/kernel") else value + rng.uniform(0, 0.5, value.shape)
        for name, value in initial_weights(network, rng).items()
    }


def _transposed(kernel: torch.Tensor, module: nn.Module) -> torch.Tensor:
    if isinstance(module, nn.Linear):
        return kernel.T
    depthwise = isinstance(module, nn.Conv2d) and module.groups > 1
    return kernel.permute(2, 3, 0, 1) if depthwise else kernel.permute(3, 2, 0, 1)


@torch.no_grad()
def _disagreement(in_keras: keras.Model, in_torch: nn.Module, images: np.ndarray, training: bool) -> float:
    expected = np.asarray(in_keras(images, training=training))
    logits = in_torch.train(training)(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    return float(np.abs(logits - expected).max() / np.abs(expected).max())


if __name__ == "__main__":
    main()

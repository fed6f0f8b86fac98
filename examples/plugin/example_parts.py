"""One part of every kind, in pure Python: specs say what a layer is, and the network is built from them."""

from eatnas_tf.layers import Activation, BatchNorm, Conv, Dense, Gate, GlobalAveragePool, describe
from eatnas_tf.space import Primitive, natural


def next_kernel(architecture, block, space, rng):
    """The block with the next larger kernel of the space; as it was, if it has the largest."""
    larger = [
        kernel for kernel in space.primitive("kernel").choices if kernel > architecture[block]["kernel"]
    ]
    return architecture.replace(block, kernel=min(larger)) if larger else architecture


def swap_blocks(architecture, space, mutations, rng):
    """The architecture with two of its blocks in each other's place."""
    if len(architecture) < 2:
        return architecture
    one, other = rng.sample(range(len(architecture)), 2)
    return architecture.replace(one, **architecture[other]).replace(other, **architecture[one])


def fused4(inputs, outputs, kernel, stride):
    """Fused MBConv: k x k to 4 * `inputs`, BN, ReLU, 1 x 1 to `outputs`, BN (arXiv 2104.00298)."""
    hidden = 4 * inputs
    return [
        Conv("expand", inputs, hidden, kernel, stride),
        BatchNorm("expand_bn", hidden),
        Activation("expand_relu", "relu"),
        Conv("project", hidden, outputs),
        BatchNorm("project_bn", outputs),
    ]


def squeezed(specs, ratio):
    """Weighs the channels a layer's last convolution reads (squeeze and excitation, arXiv 1709.01507)."""
    if ratio == 0:
        return specs
    last = max(place for place, spec in enumerate(specs) if isinstance(spec, Conv))
    channels = specs[last].inputs
    reduced = max(1, channels // ratio)
    gate = Gate(
        "squeeze",
        (
            GlobalAveragePool("pool"),
            Dense("reduce", channels, reduced),
            Activation("relu", "relu"),
            Dense("expand", reduced, channels),
            Activation("sigmoid", "sigmoid"),
        ),
    )
    return [*specs[:last], gate, *specs[last:]]


SQUEEZE = Primitive("squeeze", "se", choices=(0, 4, 16), parse=natural, default=0, rewrite=squeezed)


def activations(network):
    """Values that the layers pass on for one image: on a CPU they often cost more time than mult-adds do."""
    *rows, _ = describe(network)
    return sum(height * width * row.outputs for row in rows for height, width in [row.output_size])

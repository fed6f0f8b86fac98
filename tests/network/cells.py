"""Units of published networks, written as specs."""

from eatnas_tf.layers import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    Concatenate,
    Conv,
    Dense,
    Depthwise,
    Frame,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Network,
    Spec,
    Subsample,
)


def convolution(name: str, *numbers, relu: bool = True, after=(), **more) -> list[Spec]:
    """A Conv, its batch normalisation and ReLU."""
    conv = Conv(name, *numbers, after=after, **more)
    rest = [BatchNorm(f"{name}_bn", conv.outputs), *([Activation(f"{name}_relu", "relu")] if relu else [])]
    return [conv, *rest]


def shuffle_unit(inputs: int, outputs: int, stride: int, groups: int, first_groups: int) -> list[Spec]:
    """A unit of ShuffleNet (arXiv 1707.01083, figure 2 b and c)."""
    middle, made = outputs // 4, outputs - inputs if stride > 1 else outputs
    main = [
        *convolution("reduce", inputs, middle, groups=first_groups),
        ChannelShuffle("shuffle", groups),
        Depthwise("depthwise", middle, 3, stride),
        BatchNorm("depthwise_bn", middle),
        *convolution("expand", middle, made, groups=groups, relu=False),
    ]
    if stride == 1:
        return [*main, Add("join", after=("input", "expand_bn")), Activation("relu", "relu")]
    pool = AveragePool("pool", 3, stride, after=("input",))
    return [*main, pool, Concatenate("join", after=("pool", "expand_bn")), Activation("relu", "relu")]


def shufflenet(frame: Frame, groups: int, stages) -> Network:
    """ShuffleNetV1: `stages` are (units, output channels)."""
    stem = [*convolution("stem", frame.channels, frame.stem_filters, 3, 2), MaxPool("stem_pool", 3, 2)]
    layers, inputs = [], frame.stem_filters
    for block, (units, outputs) in enumerate(stages, 1):
        for position in range(1, units + 1):
            first_groups = 1 if (block, position) == (1, 1) else groups
            stride = 2 if position == 1 else 1
            specs = shuffle_unit(inputs, outputs, stride, groups, first_groups)
            layers.append(Layer(block, position, "shuffle", 3, stride, inputs, outputs, tuple(specs), None))
            inputs = outputs
    head = (GlobalAveragePool("head_pool"), Dense("head_dense", inputs, frame.num_classes))
    return Network(frame, tuple(stem), tuple(layers), head)


def separable(name: str, channels: int, kernel: int, stride: int = 1, after=()) -> list[Spec]:
    """NASNet's and DARTS's: twice ReLU, depthwise, 1x1 convolution and batch normalisation."""
    specs = []
    for number, step in ((1, stride), (2, 1)):
        part = f"{name}_{number}"
        specs += [
            Activation(f"{part}_relu", "relu", after=after),
            Depthwise(f"{part}_depthwise", channels, kernel, step),
            *convolution(f"{part}_pointwise", channels, channels, relu=False),
        ]
        after = ()
    return specs


def factorised(name: str, inputs: int, outputs: int, after) -> list[Spec]:
    """ReLU and a factorised reduction: half the channels of the even pixels, half of the odd ones."""
    even, odd = outputs - outputs // 2, outputs // 2
    return [
        Activation(f"{name}_relu", "relu", after=after),
        Subsample(f"{name}_even", 2),
        Conv(f"{name}_even_conv", inputs, even),
        Subsample(f"{name}_odd", 2, 1, after=(f"{name}_relu",)),
        Conv(f"{name}_odd_conv", inputs, odd),
        Concatenate(f"{name}_join", after=(f"{name}_even_conv", f"{name}_odd_conv")),
        BatchNorm(f"{name}_bn", outputs),
    ]


def squeezed(name: str, inputs: int, outputs: int, after) -> list[Spec]:
    """ReLU, 1x1 convolution, batch normalisation."""
    relu = Activation(f"{name}_relu", "relu", after=after)
    return [relu, *convolution(name, inputs, outputs, relu=False)]


def nasnet_cell(inputs: int, before: int, filters: int, reduced: bool) -> list[Spec]:
    """A small cell like NASNet's, of the two outputs before it.

    `reduced`: the earlier one has twice the pixels a side.
    """
    fit = factorised if reduced else squeezed
    return [
        *squeezed("h", inputs, filters, ("input",)),
        *fit("p", before, filters, ("input2",)),
        *separable("left", filters, 5, after=("h_bn",)),
        *separable("right", filters, 3, after=("p_bn",)),
        Add("sum", after=("left_2_pointwise_bn", "right_2_pointwise_bn")),
        AveragePool("average", 3, after=("p_bn",)),
        Add("smooth", after=("average", "h_bn")),
        Concatenate("cell", after=("sum", "smooth", "p_bn")),
    ]


def darts_cell(inputs: int, before: int, filters: int, stride: int = 1) -> list[Spec]:
    """A small cell like DARTS's: separable and dilated convolutions, pooling and skips, all between nodes."""
    dilated = [
        Activation("dilated_relu", "relu", after=("s1_bn",)),
        Depthwise("dilated_depthwise", filters, 5, stride, dilation=2),
        *convolution("dilated_pointwise", filters, filters, relu=False),
    ]
    return [
        *squeezed("s0", before, filters, ("input2",)),
        *squeezed("s1", inputs, filters, ("input",)),
        *separable("deep", filters, 3, stride, ("s0_bn",)),
        *dilated,
        Add("node1", after=("deep_2_pointwise_bn", "dilated_pointwise_bn")),
        MaxPool("pool", 3, stride, after=("s0_bn",)),
        Add("node2", after=("pool", "node1")),
        Concatenate("cell", after=("node1", "node2")),
    ]


def cells(frame: Frame) -> Network:
    """A NASNet-like network: each cell takes the two outputs before it; the last is like DARTS's."""
    width = frame.stem_filters
    made = (
        ("darts", 2, darts_cell(width, width, 4, stride=2), 8, ("stem", "stem")),
        ("nasnet", 1, nasnet_cell(8, width, 4, reduced=True), 12, ("block1_layer1", "stem")),
        ("darts", 1, darts_cell(12, 8, 6), 12, ("block2_layer1", "block1_layer1")),
    )
    layers, inputs = [], width
    for block, (op, stride, specs, outputs, after) in enumerate(made, 1):
        layers.append(Layer(block, 1, op, 3, stride, inputs, outputs, tuple(specs), None, after))
        inputs = outputs
    head = (
        Activation("head_relu", "relu"),
        GlobalAveragePool("head_pool"),
        Dense("head_dense", inputs, frame.num_classes),
    )
    return Network(frame, tuple(convolution("stem", frame.channels, width, 3)), tuple(layers), head)

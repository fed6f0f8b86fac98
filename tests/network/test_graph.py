"""The graph that a person looks at."""

import pytest

from eatnas_tf.layers import Frame, expand
from eatnas_tf.space import Architecture


@pytest.fixture(scope="module")
def nodes(strategy) -> list:
    import tensorflow as tf

    from eatnas_tf.network.builder import build
    from eatnas_tf.network.graph import graph_of

    code = Architecture.parse("mb6_k3_s1_w1.5_d2-sep_k5_s1_w1.0_d1")
    network = expand(code, Frame(14, 1, 10, 8, 1, (2, 1), 16), dropout=0.1, auxiliary=True)
    return list(tf.compat.v1.GraphDef.FromString(graph_of(build(network))).node)


def test_scopes_are_places_in_the_network(nodes) -> None:
    scopes = {node.name.split("/")[0] for node in nodes if node.op not in ("Placeholder", "Identity", "NoOp")}
    assert {"stem", "block1", "block2", "head", "auxiliary"} <= scopes
    assert not [scope for scope in scopes if scope.startswith("network")]
    names = {node.name for node in nodes}
    assert "block1/layer2/depthwise/depthwise" in names
    assert "block1/layer1/shortcut/convolution" in names
    assert "head/dense/MatMul" in names


def test_every_input_is_a_node_and_names_are_different(nodes) -> None:
    names = [node.name for node in nodes]
    assert len(set(names)) == len(names)
    inputs = {name.lstrip("^").partition(":")[0] for node in nodes for name in node.input}
    assert inputs <= set(names)

"""Operators: mutations of one block, and perturbations of the whole."""

from collections import Counter
from random import Random

import pytest

from eatnas_tf import registry
from eatnas_tf.errors import UnknownNameError
from eatnas_tf.mutations import operators, redraw
from eatnas_tf.space import STANDARD, Primitive, SearchSpace, differences
from eatnas_tf.space.primitives import positive_float

SPACE = SearchSpace()
SQUEEZE = Primitive("squeeze", "se", (0.25, 0.5, 1.0), positive_float, default=1.0)
CHI_SQUARE = {1: 24, 2: 28, 3: 31, 4: 34, 5: 36}  # exceeded once in a million draws, by degrees of freedom


def _chi_square(counts: Counter, outcomes: int) -> float:
    expected = counts.total() / outcomes
    return (
        sum((count - expected) ** 2 / expected for count in counts.values())
        + (outcomes - len(counts)) * expected
    )


def _fixed(*names: str) -> SearchSpace:
    """The paper's space with one choice only for the primitives of those names."""
    return SearchSpace(
        primitives=tuple(
            primitive.restricted(primitive.choices[:1]) if primitive.name in names else primitive
            for primitive in STANDARD
        )
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", registry.names("mutations"))
def test_a_mutation_stays_in_the_space_and_leaves_its_parent_alone(name, seed) -> None:
    rng = Random(seed)
    for block in range(SPACE.blocks):
        parent = SPACE.sample(rng)
        text = str(parent)
        child = registry.get("mutations", name)(parent, block, SPACE, rng)
        assert child in SPACE
        assert str(parent) == text
        assert [(change.block, change.primitive) for change in differences(parent, child)] == [
            (block + 1, name)
        ]


@pytest.mark.parametrize("name", registry.names("mutations"))
def test_a_mutation_draws_uniformly_among_the_other_values(name) -> None:
    parent, rng = SPACE.sample(Random(1)), Random(2)
    drawn = Counter(registry.get("mutations", name)(parent, 3, SPACE, rng)[3][name] for _ in range(2000))
    others = set(SPACE.primitive(name).choices) - {parent[3][name]}
    assert set(drawn) == others
    assert _chi_square(drawn, len(others)) <= CHI_SQUARE.get(len(others) - 1, 0)


@pytest.mark.parametrize("name", registry.names("mutations"))
def test_a_mutation_of_a_fixed_primitive_gives_the_architecture_back(name) -> None:
    space = _fixed(name)
    parent = space.sample(Random(0))
    assert registry.get("mutations", name)(parent, 0, space, Random(0)) == parent


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_perturbation_stays_in_the_space_and_leaves_its_parent_alone(name, seed) -> None:
    rng = Random(seed)
    parent = SPACE.sample(rng)
    text = str(parent)
    child = registry.get("perturbations", name)(parent, SPACE, operators(SPACE), rng)
    assert child in SPACE
    assert child != parent
    assert str(parent) == text
    if name != "random":
        assert max(Counter(change.block for change in differences(parent, child)).values()) == 1


def test_random_children_know_nothing_of_their_parent() -> None:
    random, mutations, rng = registry.get("perturbations", "random"), operators(SPACE), Random(4)
    parent = SPACE.sample(rng)
    drawn = Counter(random(parent, SPACE, mutations, rng)[2]["conv"] for _ in range(2000))
    assert _chi_square(drawn, 3) <= CHI_SQUARE[2]


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_perturbation_repeats_with_its_seed(name) -> None:
    parent = SPACE.sample(Random(0))
    one, two = (
        registry.get("perturbations", name)(parent, SPACE, operators(SPACE), Random(7)) for _ in range(2)
    )
    assert one == two


@pytest.mark.parametrize("seed", range(20))
def test_every_block_changes_one_primitive_in_every_block(seed) -> None:
    parent = SPACE.sample(Random(seed))
    child = registry.get("perturbations", "every_block")(parent, SPACE, operators(SPACE), Random(seed))
    assert [change.block for change in differences(parent, child)] == list(range(1, 8))


@pytest.mark.parametrize("seed", range(20))
def test_one_block_changes_one_primitive_of_one_block(seed) -> None:
    parent = SPACE.sample(Random(seed))
    assert (
        len(
            differences(
                parent,
                registry.get("perturbations", "one_block")(parent, SPACE, operators(SPACE), Random(seed)),
            )
        )
        == 1
    )


def test_every_block_draws_the_primitives_uniformly() -> None:
    every_block, mutations, rng = registry.get("perturbations", "every_block"), operators(SPACE), Random(3)
    parent = SPACE.sample(rng)
    changes = [
        change
        for _ in range(2000)
        for change in differences(parent, every_block(parent, SPACE, mutations, rng))
    ]
    assert _chi_square(Counter(change.primitive for change in changes), 5) < CHI_SQUARE[4]
    for block in range(1, 8):
        assert (
            _chi_square(Counter(change.primitive for change in changes if change.block == block), 5)
            < CHI_SQUARE[4]
        )


def test_one_block_draws_blocks_and_primitives_uniformly() -> None:
    one_block, mutations, rng = registry.get("perturbations", "one_block"), operators(SPACE), Random(4)
    parent = SPACE.sample(rng)
    drawn = Counter(
        (change.block, change.primitive)
        for _ in range(7000)
        for change in differences(parent, one_block(parent, SPACE, mutations, rng))
    )
    assert len(drawn) == 35
    assert _chi_square(drawn, 35) < 94  # 34 degrees of freedom, once in ten million


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_fixed_primitive_never_changes(name) -> None:
    space, rng = _fixed("kernel", "width"), Random(5)
    assert set(operators(space)) == {"conv", "skip", "depth"}
    parent = space.sample(rng)
    for _ in range(200):
        child = registry.get("perturbations", name)(parent, space, operators(space), rng)
        assert not {change.primitive for change in differences(parent, child)} & {"kernel", "width"}


def test_a_mutation_that_changes_nothing_gives_way_to_another() -> None:
    space, rng = _fixed("kernel"), Random(6)
    parent, mutations = space.sample(rng), operators(space, ("kernel", "skip"))
    for _ in range(50):
        changes = differences(
            parent, registry.get("perturbations", "every_block")(parent, space, mutations, rng)
        )
        assert [change.primitive for change in changes] == ["skip"] * 7


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_where_nothing_can_change_the_architecture_comes_back(name) -> None:
    space = _fixed("kernel")
    parent = space.sample(Random(0))
    assert (
        registry.get("perturbations", name)(parent, space, operators(space, ("kernel",)), Random(0)) == parent
    )


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_plugins_primitive_gets_its_mutation_for_nothing(name) -> None:
    space, rng = SearchSpace(primitives=(*STANDARD, SQUEEZE)), Random(8)
    assert set(operators(space)) == {"conv", "kernel", "skip", "width", "depth", "squeeze"}
    parent = space.sample(rng)
    children = [registry.get("perturbations", name)(parent, space, operators(space), rng) for _ in range(500)]
    assert all(child in space for child in children)
    changed = {
        change.new
        for child in children
        for change in differences(parent, child)
        if change.primitive == "squeeze"
    }
    assert changed == set(SQUEEZE.choices)


def test_a_primitive_takes_another_of_its_spaces_values_when_its_own_is_not_among_them() -> None:
    outsider = SPACE.sample(Random(0)).replace(0, kernel=9)
    assert redraw(outsider, 0, SPACE, Random(0), name="kernel")[0]["kernel"] in (3, 5, 7)


def test_a_registered_mutation_comes_before_the_generic_one(monkeypatch) -> None:
    def smallest(architecture, block, space, rng):
        return architecture.replace(block, squeeze=0.25)

    monkeypatch.setitem(registry._added["mutations"], "squeeze", smallest)
    space = SearchSpace(primitives=(*STANDARD, SQUEEZE))
    parent = space.sample(Random(1))
    assert operators(space)["squeeze"](parent, 0, space, Random(2)) == parent.replace(0, squeeze=0.25)


def test_only_the_operators_asked_for_are_drawn() -> None:
    rng = Random(9)
    parent = SPACE.sample(rng)
    child = registry.get("perturbations", "every_block")(parent, SPACE, operators(SPACE, ("depth",)), rng)
    assert [change.primitive for change in differences(parent, child)] == ["depth"] * 7


def test_an_unknown_mutation_is_refused_with_a_near_name() -> None:
    with pytest.raises(UnknownNameError) as refused:
        operators(SPACE, ("kernal",))
    assert str(refused.value) == (
        "no mutation 'kernal' among conv, depth, kernel, skip, width; "
        "one of your own needs --plugins; did you mean 'kernel'?"
    )


def test_a_plugins_primitive_that_the_space_lacks_is_no_mutation() -> None:
    with pytest.raises(UnknownNameError, match="no mutation 'squeeze' among"):
        operators(SPACE, ("squeeze",))

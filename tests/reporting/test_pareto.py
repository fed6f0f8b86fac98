import math

from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.reporting.pareto import front
from eatnas_tf.searches import Candidate, Individual, Measurement
from eatnas_tf.space import Architecture

CODE = Architecture.parse("sep_k3_s1_w1.0_d1")
PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5]) | st.floats(0, 1), st.integers(1, 20)))


def _individuals(pairs) -> list[Individual]:
    return [Individual(Candidate(n, CODE), Measurement(*pair), 0.0, 0) for n, pair in enumerate(pairs)]


def _dominates(one: Individual, other: Individual) -> bool:
    a, b = one.measurement, other.measurement
    return a.accuracy >= b.accuracy and a.size <= b.size and (a.accuracy, a.size) != (b.accuracy, b.size)


@given(PAIRS)
def test_the_front_is_exactly_what_nothing_dominates_the_smallest_first(pairs) -> None:
    told = _individuals(pairs)
    kept = front(told)
    assert {one.id for one in kept} == {
        one.id for one in told if not any(_dominates(other, one) for other in told)
    }
    assert list(kept) == sorted(kept, key=lambda one: one.measurement.size)


def test_an_accuracy_that_is_no_number_is_on_no_front_but_its_own() -> None:
    assert [one.id for one in front(_individuals([(math.nan, 1), (0.5, 2), (math.nan, 3)]))] == [0, 1]

"""Tasks as they travel, and the workforce of one."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from eatnas_tf.searches import Alone, Candidate, Finished, Measurement, Task
from eatnas_tf.space import STANDARD, Primitive, SearchSpace, differences

SPACES = (  # the paper's, and one whose last primitive no pickle could carry
    SearchSpace(3),
    SearchSpace(2, (*STANDARD, Primitive("squeeze", "se", (0, 1), lambda text: int(text), 0))),
)


@given(st.sampled_from(SPACES), st.integers(0, 2**16), st.booleans())
def test_a_task_survives_being_written_and_read(space, seed, first) -> None:
    rng = Random(seed)
    parent, child = space.sample(rng), space.sample(rng)
    task = Task(Candidate(seed, child, None if first else 3, differences(parent, child)))
    task = task if first else Task(task.candidate, parent)
    assert Task.from_json(task.to_json(), space.primitives) == task


def test_a_workforce_of_one_evaluates_when_it_is_asked_for_the_result() -> None:
    evaluated = []

    def evaluate(task: Task) -> Measurement:
        evaluated.append(task)
        return Measurement(0.5, 1)

    alone, task = Alone(evaluate), Task(Candidate(0, SPACES[0].sample(Random(0))))
    alone.submit(task)
    assert not evaluated
    assert alone.next_finished() == Finished(task.candidate, Measurement(0.5, 1))
    assert evaluated == [task]

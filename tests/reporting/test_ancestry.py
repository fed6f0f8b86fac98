from eatnas_tf.reporting.ancestry import ancestry


def test_a_line_goes_from_the_founder_to_the_individual_by_parents(made_up) -> None:
    search = made_up(8, 60)
    for one in search.told.values():
        line = ancestry(one, search.told)
        assert line[-1] is one
        assert line[0].candidate.parent is None
        assert [child.candidate.parent for child in line[1:]] == [parent.id for parent in line[:-1]]


def test_a_founder_is_a_line_of_its_own(made_up) -> None:
    search = made_up(8, 0)
    assert ancestry(search.told[3], search.told) == (search.told[3],)

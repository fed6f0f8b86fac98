"""TensorBoard's HParams."""

import pytest

from eatnas_tf.layers import count, expand
from eatnas_tf.searches import top
from eatnas_tf.space import STANDARD


@pytest.fixture
def trials(strategy, tmp_path, frame):
    from eatnas_tf.reporting import harmless
    from eatnas_tf.reporting.hparams import Trials

    def counted(one):
        return count(expand(one.architecture, frame))

    return lambda: Trials(tmp_path / "hparams", harmless.writing(), STANDARD, frame, counted, "params")


def _sessions(folder) -> dict[str, dict]:
    """The columns of every run that TensorBoard would show, by run."""
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
    from tensorboard.plugins.hparams import metadata

    runs = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
    found = {}
    for run in runs.Runs():
        contents = runs.GetAccumulator(run).PluginTagToContent("hparams")
        if metadata.SESSION_START_INFO_TAG in contents:
            content = contents[metadata.SESSION_START_INFO_TAG]
            started = metadata.parse_session_start_info_plugin_data(content).hparams
            found[run] = {name: getattr(value, value.WhichOneof("kind")) for name, value in started.items()}
    return found


def test_a_candidates_columns_are_derived_ones_then_primitives_by_block_and_none_is_missing(
    strategy, made_up, frame
) -> None:
    from eatnas_tf.reporting.hparams import DERIVED, columns

    search = made_up(8, 30)
    for one in search.told.values():
        network = expand(one.architecture, frame)
        found = columns(one, frame, count(network))
        assert list(found)[:5] == list(DERIVED)
        assert found["layers"] == len(network.layers)
        assert found["expansion"] == network.layers[-1].outputs / frame.stem_filters
        assert (found["params"], found["mult_adds"]) == count(network)
        parent = one.candidate.parent
        assert found["parent"] == (-1 if parent is None else parent)
        by_block = {
            f"block{number}_{primitive.name}": primitive.text(value)
            for number, block in enumerate(one.architecture, start=1)
            for primitive, value in block.items_
        }
        assert dict(list(found.items())[5:]) == by_block
        assert None not in found.values()


def test_the_newest_200_and_the_50_best_are_kept(strategy, made_up) -> None:
    from eatnas_tf.reporting.hparams import kept

    told = list(made_up(16, 600).told.values())
    for length in (1, 49, 200, 250, 400, 616):
        found = kept(told[:length])
        assert set(found) == {one.id for one in (*told[:length][-200:], *top(told[:length], 50))}
        assert len(found) <= 250


def test_folders_are_those_of_the_kept_whoever_was_there_before(trials, made_up, tmp_path) -> None:
    from eatnas_tf.reporting.hparams import kept

    told = list(made_up(16, 600).told.values())
    shown = trials()
    for length in (3, 250, 616):
        shown.show(told[:length])
        folders = {int(path.name) for path in (tmp_path / "hparams").iterdir() if path.is_dir()}
        assert folders == set(kept(told[:length]))
    again = trials()
    assert not [path for path in (tmp_path / "hparams").iterdir() if path.is_dir()]
    again.show(told[:30])
    sessions = _sessions(tmp_path / "hparams")
    assert {int(run) for run in sessions} == set(range(30))
    assert len({frozenset(columns) for columns in sessions.values()}) == 1


def test_a_file_that_is_not_ours_keeps_its_folder_and_disturbs_nothing(trials, made_up, tmp_path) -> None:
    told = list(made_up(8, 0).told.values())
    trials().show(told)
    mine = tmp_path / "hparams" / "000003" / "mine.txt"
    mine.touch()
    again = trials()
    assert list((tmp_path / "hparams").glob("0*/*")) == [mine]
    again.show(told)
    assert mine.exists()
    assert {int(run) for run in _sessions(tmp_path / "hparams")} == set(range(8))


def test_the_experiment_tells_type_and_choices_of_columns_and_the_metrics(strategy, made_up, frame) -> None:
    from tensorboard.plugins.hparams import api_pb2, metadata

    from eatnas_tf.reporting.hparams import DERIVED, columns, experiment

    one = made_up(8, 0).told[0]
    summary = experiment(STANDARD, 7, "params")
    told = metadata.parse_experiment_plugin_data(summary.value[0].metadata.plugin_data.content)
    assert [info.name for info in told.hparam_infos] == list(
        columns(one, frame, count(expand(one.architecture, frame)))
    )
    infos = {info.name: info for info in told.hparam_infos}
    assert infos["params"].type == api_pb2.DATA_TYPE_FLOAT64
    assert infos["block3_conv"].type == api_pb2.DATA_TYPE_STRING
    assert list(infos["block3_conv"].domain_discrete) == ["sep", "mb3", "mb6"]
    assert list(infos["block7_width"].domain_discrete) == ["0.5", "1.0", "1.5", "2.0"]
    assert {name for name, info in infos.items() if info.differs} == set(DERIVED)
    assert [info.name.tag for info in told.metric_infos] == ["score", "accuracy", "size_params"]


def test_candidates_of_two_stages_stay_rows_of_their_own_with_their_own_scores(
    trials, made_up, frame, tmp_path
) -> None:
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    from eatnas_tf.reporting import harmless
    from eatnas_tf.reporting.hparams import Trials

    told = [list(made_up(8, cycles).told.values())[-3:] for cycles in (0, 4)]
    for stage, shown in zip(("seed0/1-search", "seed1/1-search"), told, strict=True):
        folder = tmp_path / "hparams" / stage

        def counted(one):
            return count(expand(one.architecture, frame))

        Trials(folder, harmless.writing(), STANDARD, frame, counted, "params").show(shown)
        Trials(folder.with_name("3-transfer"), harmless.writing(), STANDARD, frame, counted, "params").show(
            shown
        )
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "hparams")).Reload()
    provider = MultiplexerDataProvider(multiplexer, str(tmp_path))
    plugin = type("Plugin", (), {"data_provider": provider})
    context = backend_context.Context(plugin)
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=99, aggregation_type=api_pb2.AGGREGATION_AVG
    )
    request.allowed_statuses.extend([api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE])
    handler = list_session_groups.Handler(RequestContext(), context, "", request)
    groups = handler.run().session_groups
    assert len(groups) == 12
    assert all(len(group.sessions) == 1 for group in groups)
    assert {group.name.rpartition("/")[0] for group in groups} == {
        f"seed{seed}/{stage}" for seed in (0, 1) for stage in ("1-search", "3-transfer")
    }

"""TensorBoard's HParams: a candidate a row, its primitives and what follows from them as columns.

Every candidate is a run of its own there, which is why they have a log folder of their own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

from eatnas_tf.layers import Count, Frame
from eatnas_tf.reporting.board import Board, empty
from eatnas_tf.reporting.harmless import Harmless
from eatnas_tf.reporting.pace import failed
from eatnas_tf.searches import Individual, top
from eatnas_tf.space import Primitive
from eatnas_tf.space.widths import block_widths

NEWEST, BEST = 200, 50  # candidates that are shown
FOUNDER = -1  # the parent of those without one
DERIVED = {
    "layers": "layers in all blocks",
    "expansion": "the last block's width over the stem's",
    "params": "trainable weights",
    "mult_adds": "multiply-accumulates of an image",
    "parent": f"the id of the parent; {FOUNDER} in the first population",
}
METRICS = {
    "score": "accuracy weighed against the objective",
    "accuracy": "on the validation images, as a fraction",
}
Column = str | float


class Trials:
    """The newest and the best candidates of a search, a folder each in `folder`."""

    def __init__(
        self,
        folder: Path,
        trouble: Harmless,
        primitives: Sequence[Primitive],
        frame: Frame,
        count: Callable[[Individual], Count | None],
        objective: str,
    ) -> None:
        self._folder, self._trouble, self._frame, self._count = folder, trouble, frame, count
        self._shown: dict[int, Path] = {}
        with trouble():
            for old in folder.glob("[0-9]*"):
                _remove(old)
        self._primitives, self._begun, self._objective = primitives, False, objective

    def show(self, history: Sequence[Individual]) -> None:
        """Writes the newest and the best of `history`, and removes the others."""
        if not self._begun:
            self._begun = True
            columns = experiment(self._primitives, len(history[0].architecture), self._objective)
            Board(self._folder, self._trouble).summaries([columns])
        wanted = kept(history)
        for number in self._shown.keys() - wanted.keys():
            with self._trouble():
                _remove(self._shown.pop(number))
        for number, one in wanted.items():
            if number not in self._shown and not self._trouble.silent:
                self._shown[number] = self._folder / f"{number:06d}"
                self._write(one)

    def _write(self, one: Individual) -> None:
        board = Board(self._shown[one.id], self._trouble)
        board.summaries(session(one, columns(one, self._frame, self._count(one))))
        board.scalars(metrics(one, self._objective), 0)


def kept(history: Sequence[Individual]) -> dict[int, Individual]:
    """The candidates that are shown, by id."""
    return {one.id: one for one in (*history[-NEWEST:], *top(history, BEST))}


def columns(one: Individual, frame: Frame, counted: Count | None) -> dict[str, Column]:
    """What is known of a candidate before it is trained: derived columns, then primitives by block, which are
    text as in a code: TensorBoard shows whole numbers as 3.0000. What could not be counted is left out.
    """
    blocks, parent = one.architecture, one.candidate.parent
    widths = block_widths([float(block["width"]) for block in blocks], frame.stem_filters, frame.width_base)
    derived = (
        sum(int(block["depth"]) for block in blocks),
        widths[-1] / frame.stem_filters,
        *((counted.params, counted.mult_adds) if counted else (None, None)),
        FOUNDER if parent is None else parent,
    )
    primitives = {
        f"block{number}_{primitive.name}": primitive.text(value)
        for number, block in enumerate(blocks, start=1)
        for primitive, value in block.items_
    }
    known = {name: value for name, value in zip(DERIVED, derived, strict=True) if value is not None}
    return {**known, **primitives}


def metrics(one: Individual, objective: str) -> dict[str, float]:
    """What was measured; an accuracy that is no number is 0, as its score is."""
    measured = one.measurement
    accuracy = 0.0 if math.isnan(measured.accuracy) else measured.accuracy
    return {"score": one.score, "accuracy": accuracy, f"size_{objective}": measured.size}


def experiment(primitives: Sequence[Primitive], blocks: int, objective: str) -> Summary:
    """The table's columns. TensorBoard shows the first few until others are chosen: those that `differ`."""
    infos = [
        api_pb2.HParamInfo(name=name, description=said, type=api_pb2.DATA_TYPE_FLOAT64, differs=True)
        for name, said in DERIVED.items()
    ]
    for block in range(1, blocks + 1):
        for primitive in primitives:
            name = f"block{block}_{primitive.name}"
            info = api_pb2.HParamInfo(name=name, type=api_pb2.DATA_TYPE_STRING)
            info.domain_discrete.extend(map(primitive.text, primitive.choices))
            infos.append(info)
    shown = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), description=said)
        for tag, said in (*METRICS.items(), (f"size_{objective}", "what the objective gives"))
    ]
    return _summary(
        metadata.EXPERIMENT_TAG,
        HParamsPluginData(experiment=api_pb2.Experiment(hparam_infos=infos, metric_infos=shown)),
    )


def session(one: Individual, found: Mapping[str, Column]) -> list[Summary]:
    """A candidate's row: its columns, and how it ended.

    The row has no group name. TensorBoard merges rows of equal names and averages their metrics, but a row
    without one is named after its run's folder, which is unique whatever folder is shown.
    """
    start = SessionStartInfo(start_time_secs=time.time())
    for name, value in found.items():
        if isinstance(value, str):
            start.hparams[name].string_value = value
        else:
            start.hparams[name].number_value = value
    status = api_pb2.STATUS_FAILURE if failed(one) else api_pb2.STATUS_SUCCESS
    end = SessionEndInfo(status=status, end_time_secs=time.time())
    return [
        _summary(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start)),
        _summary(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end)),
    ]


def _summary(tag: str, content: HParamsPluginData) -> Summary:
    described = metadata.create_summary_metadata(content)
    return Summary(value=[Summary.Value(tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)])


def _remove(folder: Path) -> None:
    """Deletes a candidate's events, and its folder if nothing else is in it. Raises OSError."""
    empty(folder)
    with suppress(OSError):  # somebody's files
        folder.rmdir()

"""The TensorBoard of a search stage. Imports TensorBoard, so whoever needs one imports this late."""

from __future__ import annotations

from eatnas_tf.configs import settings
from eatnas_tf.reporting.search_board import SearchBoard, Subject
from eatnas_tf.stages.setting import Setting
from eatnas_tf.stages.workdir import Workdir


def of_search(setting: Setting, workdir: Workdir, pictures_every: int) -> SearchBoard:
    """A new board, which begins anew where an earlier run has written one."""
    config, basic = setting.config, setting.basic
    return SearchBoard(
        workdir.tensorboard,
        workdir.hparams,
        Subject(
            setting.plan.space.primitives,
            setting.plan.ledger(),
            config.evolution.objective,
            setting.frame,
            setting.network,
            settings(config),
            config.top_k,
            None if basic is None else (basic.architecture, basic.frame or setting.frame),
        ),
        pictures_every,
    )

"""A search with everything it starts from."""

import numpy as np
import pytest

from eatnas_tf.configs import DataConfig, SearchConfig
from eatnas_tf.errors import InputError
from eatnas_tf.stages.setting import _evaluation_for_workers, set_up
from eatnas_tf.stages.workdir import Workdir
from eatnas_tf.stages.worker import Place


def test_a_worker_that_finds_other_data_than_the_search_began_with_refuses_them(tmp_path) -> None:
    path = tmp_path / "mine.npz"

    def write(flipped: int) -> None:
        labels = np.arange(20) % 2
        labels[:flipped] ^= 1
        np.savez(path, x_train=np.zeros((20, 8, 8, 1), np.uint8), y_train=labels)

    write(0)
    setting = set_up(SearchConfig(data=DataConfig(f"npz:{path}")))
    build = _evaluation_for_workers(setting, Workdir(tmp_path), 0)
    write(4)
    with pytest.raises(
        InputError, match=r"mine\.npz: its data changed while the search was at work; restore"
    ):
        build(Place(), lambda number, share: None)

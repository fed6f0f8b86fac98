"""Channel statistics of streamed images: computed once for a stage and kept in its work folder.

They take a pass over 10,000 images, which every worker would make again, and every run that goes on. They lie
in the work folder, not beside the dataset: that one may be shared or read-only, and what a model was whitened
with belongs to its run.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from eatnas_tf import durable
from eatnas_tf.errors import InputError
from eatnas_tf.fields import NUMBER, OBJECT, POSITIVE, field, list_of
from eatnas_tf.stages.locking import locked
from eatnas_tf.stages.workdir import SCHEMA, Workdir
from eatnas_tf.training.examples import Examples, Streamed
from eatnas_tf.training.whitening import Whitening

FILE = "channels.json"
KINDS = {"mean": list_of(NUMBER), "deviation": list_of(POSITIVE)}


def whitening(workdir: Workdir, examples: Examples | Streamed) -> Whitening:
    """The whitening of these images, from the work folder if an earlier call has left it there.

    Of several processes one computes, while the others wait for it.
    """
    key = examples.identity() if isinstance(examples, Streamed) else None
    if not isinstance(examples, Streamed) or key is None:
        return Whitening.of(examples)
    with ExitStack() as stack:
        with durable.writing(workdir.path / FILE):
            stack.enter_context(locked(workdir.path / f"{FILE}.lock", wait=True))
        known = _known(workdir, examples.channels)
        if key not in known:
            found = Whitening.of(examples)
            known[key] = {"mean": found.mean.tolist(), "deviation": found.deviation.tolist()}
            workdir.write(FILE, {"schema": SCHEMA, "channels": known})
        return Whitening(*(np.asarray(known[key][name], np.float32) for name in KINDS))


def _known(workdir: Workdir, channels: int) -> dict[str, Any]:
    """What was kept, without what cannot be read: that is only computed again."""
    try:
        found = field(workdir.read(FILE), "channels", OBJECT)
    except InputError:
        return {}
    return {key: entry for key, entry in found.items() if _fits(entry, channels)}


def _fits(entry: Any, channels: int) -> bool:
    return OBJECT.fits(entry) and all(
        kind.fits(entry.get(name)) and len(entry[name]) == channels for name, kind in KINDS.items()
    )

"""TensorBoard: what a run writes for it, rewritten from the journal when a run goes on.

Events are written without a TensorFlow operation: the first one would take every GPU for this process, and a
search's workers need them.
"""

from __future__ import annotations

import io
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from absl import logging
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.image.metadata import create_summary_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.record_writer import RecordWriter

GAP = 2  # pixels between images
SMALLEST = 480  # pixels across a picture of images, which are enlarged to it by whole factors


class Board:
    """Scalars of one run in `folder`. What cannot be written is said once and never ends the run."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
        self._silent = False
        with self._harmless():
            for old in folder.glob("events.out.tfevents.*"):
                old.unlink()
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def scalars(self, values: dict[str, float], step: int) -> None:
        now = time.time()
        self._write(
            *(Event(wall_time=now, step=step, summary=scalar_pb(tag, value)) for tag, value in values.items())
        )

    def images(self, tag: str, images: np.ndarray, step: int = 0) -> None:
        """uint8 images (count, height, width, channels), side by side in one picture."""
        picture = Image.fromarray(_side_by_side(images))
        file = io.BytesIO()
        picture.save(file, "png")
        strings = [*(str(side).encode() for side in picture.size), file.getvalue()]
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
        tensor = TensorProto(dtype=DT_STRING, string_val=strings, tensor_shape=shape)
        metadata = create_summary_metadata(display_name="", description="")
        value = Summary.Value(tag=tag, metadata=metadata, tensor=tensor)
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def _write(self, *events: Event) -> None:
        if self._silent:
            return
        with self._harmless():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._silent = True
            logging.warning("TensorBoard: cannot write (%s); the run goes on without", error)


def _side_by_side(images: np.ndarray) -> np.ndarray:
    """A square of images, white between them: (height, width) or (height, width, 3)."""
    side = math.ceil(math.sqrt(len(images)))
    enlarged = max(1, SMALLEST // (side * images.shape[2]))
    images = images.repeat(enlarged, axis=1).repeat(enlarged, axis=2)
    height, width, channels = images.shape[1:]
    picture = np.full((side * (height + GAP), side * (width + GAP), channels), 255, np.uint8)
    for number, image in enumerate(images):
        top, left = number // side * (height + GAP), number % side * (width + GAP)
        picture[top : top + height, left : left + width] = image
    return picture[..., 0] if channels == 1 else picture

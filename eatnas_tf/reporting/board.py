"""TensorBoard's files: events of one run, written without a TensorFlow operation.

The first operation would take every GPU for this process, and a search's workers need them.
"""

from __future__ import annotations

import io
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.image.metadata import create_summary_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from eatnas_tf.reporting import harmless, markdown

GAP = 2  # pixels between images
SMALLEST = 480  # pixels across a picture of images, which are enlarged to it by whole factors


class Board:
    """What one run shows, in `folder`. What cannot be written is said once and never ends the run.

    Boards of one run share `trouble`, so that it is said once of all of them.
    """

    def __init__(self, folder: Path, trouble: harmless.Harmless | None = None) -> None:
        self._file = folder / f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
        self._trouble = trouble or harmless.writing()
        with self._trouble():
            empty(folder)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        self.summaries([scalar_pb(tag, value) for tag, value in values.items()], step)

    def histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        self.summaries([histogram_pb(tag, values)], step)

    def table(
        self, tag: str, columns: Sequence[str], rows: Sequence[Sequence[object]], step: int = 0
    ) -> None:
        """A text that is a table. Cells are shown as they are, and a code can be pasted."""
        cells = [
            [f"    {column}" for column in columns],
            *([markdown.cell(one) for one in row] for row in rows),
        ]
        self.summaries([text_pb(tag, np.array(cells))], step)

    def picture(self, tag: str, png: bytes, step: int = 0) -> None:
        """An image as a PNG file holds it."""
        strings = [*(str(side).encode() for side in Image.open(io.BytesIO(png)).size), png]
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
        tensor = TensorProto(dtype=DT_STRING, string_val=strings, tensor_shape=shape)
        metadata = create_summary_metadata(display_name="", description="")
        self.summaries([Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=tensor)])], step)

    def images(self, tag: str, images: np.ndarray, step: int = 0) -> None:
        """uint8 images (count, height, width, channels), side by side in one picture."""
        file = io.BytesIO()
        Image.fromarray(_side_by_side(images)).save(file, "png")
        self.picture(tag, file.getvalue(), step)

    def graph(self, definition: bytes) -> None:
        """A serialised GraphDef."""
        self._write(Event(wall_time=time.time(), graph_def=definition))

    def summaries(self, summaries: Sequence[Summary], step: int = 0) -> None:
        """Summaries of TensorBoard's plugins."""
        now = time.time()
        self._write(*(Event(wall_time=now, step=step, summary=summary) for summary in summaries))

    def _write(self, *events: Event) -> None:
        if self._trouble.silent:
            return
        with self._trouble():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())


def empty(folder: Path) -> None:
    """Deletes the events of an earlier run. Raises OSError."""
    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()


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

"""Pictures of outputs at the size of a printed page: of images, films, sounds and 3D objects."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.exports.port import ExportedFile
from devserver.my_app.services.run_metadata import Output, RunMetadata
from devserver.my_app.services.thumbnails import NoThumbnail
from devserver.my_app.services.worker_pool import WorkerDied, WorkTookTooLong, WorkTooLarge

logger = logging.getLogger(__name__)

PRINT_SIDE = 1024
"""The longest side in pixels: 11 cm at 236 dots per inch."""

_QUALITY = 85

Mark = Callable[[bytes, RunMetadata, Output], bytes]
"""Puts AI marking into a JPEG, for one output of one run."""
Keep = Callable[[str, Output, Callable[[], bytes]], bytes]
"""Gives the picture of an output of a run, by its id: drawn now, or before."""


@dataclass(frozen=True)
class Illustration:
    """A JPEG, and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


class Illustrations:
    """Asks for pictures where files of strangers may be opened, and makes JPEGs of them.

    `small_picture` is `Thumbnails.get`; `waveform` and `view` are `draw_waveform` and `draw_model`
    in a process with limits, `keep` may remember what these two drew. `mark` has the last word on
    every JPEG.
    """

    def __init__(
        self,
        small_picture: Callable[[str, Output, Path, int], bytes],
        waveform: Callable[[Path], bytes],
        view: Callable[[Path], bytes],
        mark: Mark = lambda jpeg, _run, _output: jpeg,
        keep: Keep = lambda _run_id, _output, draw: draw(),
    ) -> None:
        self._small_picture = small_picture
        self._draw = {"audio": waveform, "3d": view}
        self._mark = mark
        self._keep = keep

    def of(self, run: RunMetadata, file: ExportedFile, output: Output) -> Illustration | None:
        """A picture of one output; None when none can be made, which is no failure of a report.

        Raises FileNotFoundError when the file is gone, RunNotFound when the run was deleted,
        StorageFull.
        """
        try:
            if output.type in self._draw:
                draw = partial(self._draw[output.type], file.path)
                drawn = self._keep(run.run_id, output, draw)
            else:
                drawn = self._small_picture(run.run_id, output, file.path, PRINT_SIDE)
        except (
            NoThumbnail,
            MediaRejected,
            WorkerDied,
            WorkTookTooLong,
            WorkTooLarge,
            OSError,
        ) as error:
            if not file.path.is_file():
                raise FileNotFoundError(file.path) from error
            logger.warning("no picture of %s for a report: %s", file.name, type(error).__name__)
            return None
        made = _as_jpeg(drawn)
        return Illustration(self._mark(made.jpeg, run, output), made.width, made.height)


def _as_jpeg(drawn: bytes) -> Illustration:
    """Our own small picture as a JPEG on white, which every reader of documents can show."""
    from PIL import Image  # noqa: PLC0415 - slow to import

    file = io.BytesIO()
    with Image.open(io.BytesIO(drawn), formats=["WEBP", "PNG"]) as picture:
        paper = Image.new("RGB", picture.size, "white")
        layer = picture.convert("RGBA")
        paper.paste(layer, mask=layer)
    paper.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return Illustration(file.getvalue(), *paper.size)

"""What reports are made with: pictures of media, places to work in, processes with limits."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from devserver.config import Settings
from devserver.my_app.services.durable_files import TEMPORARY_SUFFIX
from devserver.my_app.services.exports.illustrations import Illustrations
from devserver.my_app.services.exports.marking import mark_picture
from devserver.my_app.services.exports.model_view import draw_model
from devserver.my_app.services.exports.waveform import draw_waveform
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from devserver.my_app.services.worker_pool import WorkerPool

SCRATCH = f".reports{TEMPORARY_SUFFIX}"
"""The folder under `packages/` where reports are put together. Its name is that of a temporary, so
the next start of a server removes what a kill leaves in it."""

_DRAW_SECONDS = 60.0
_SET_SECONDS = 300.0

RunInPool = Callable[..., Any]
"""`WorkerPool.run`: a limit in seconds, a function, and its arguments."""


@dataclass(frozen=True)
class ReportParts:
    """What the formats of reports are handed. `set_pages` calls a function with its arguments in a
    process with limits; `fonts` is a folder for those of PDF reports."""

    illustrations: Illustrations
    set_pages: Callable[..., Any]
    scratch: Path
    fonts: Path


def report_parts(
    run_in_pool: RunInPool, thumbnails: Thumbnails, *, scratch: Path, cache: Path
) -> ReportParts:
    """Parts that open media and set pages in the given pool, and share these thumbnails."""
    illustrations = Illustrations(
        thumbnails.get,
        partial(run_in_pool, _DRAW_SECONDS, draw_waveform),
        partial(run_in_pool, _DRAW_SECONDS, draw_model),
        mark_picture,
        thumbnails.drawn,
    )
    set_pages = partial(run_in_pool, _SET_SECONDS)
    return ReportParts(illustrations, set_pages, scratch, cache / "fonts")


@contextmanager
def reports_without_server(settings: Settings, folders: RunFolders) -> Iterator[ReportParts]:
    """Parts of one's own, for a command or a script: all that they make is gone at the end.

    Nothing is written under the root, which may be another machine's. The process that draws is
    started when a report first needs it.
    """
    pool = WorkerPool(1, memory_bytes=settings.pool_memory_bytes)
    try:
        with tempfile.TemporaryDirectory(prefix="reports-") as name:
            folder = Path(name)
            draw_small = partial(pool.run, _DRAW_SECONDS, draw_thumbnail)
            thumbnails = Thumbnails(folder, draw_small, folders.tombstones.is_tombstoned)
            yield report_parts(pool.run, thumbnails, scratch=folder / "scratch", cache=folder)
    finally:
        pool.close()

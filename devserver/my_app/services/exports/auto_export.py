"""Exports each run at its end, in the background: no run waits for it or fails by it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata

logger = logging.getLogger(__name__)

MADE_UP_FOR_SECONDS = 24 * 3600.0
"""How old a run may be whose export a stop of the server has left undone."""
Export = Callable[[str], object]


class AutoExport:
    """One thread that exports run after run; `heard` is told of each change the storage writes.

    `unexported` gives the runs that have no export although they were written to within so many
    seconds; they are taken up first, so that a kill loses nothing.
    """

    def __init__(self, export: Export, unexported: Callable[[float], Iterable[str]]) -> None:
        self._export = export
        self._unexported = unexported
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="auto-export", daemon=True)

    def start(self) -> None:
        """Begin with what the last stop left."""
        self._thread.start()

    def heard(self, run: RunMetadata) -> None:
        """Have the run exported if this was its end; returns at once."""
        if run.is_final:
            self._waiting.put(run.run_id)

    def close(self) -> None:
        """End after the run that is being exported; the next start makes up for the others."""
        self._closed.set()
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            for run_id in self._unexported(time.time() - MADE_UP_FOR_SECONDS):
                if self._closed.is_set():
                    return
                self._export_one(run_id)
        except OSError:
            logger.exception("what the last stop left unexported can't be looked for")
        while (ended := self._waiting.get()) is not None and not self._closed.is_set():
            self._export_one(ended)

    def _export_one(self, run_id: str) -> None:
        try:
            self._export(run_id)
        except ServerError as error:
            logger.warning("run %s was not exported at its end: %s", run_id, error)
        except Exception:
            # Formats build on libraries that raise what they like; the runs after it still come.
            logger.exception("run %s was not exported at its end", run_id)


def unexported_runs(
    folders: RunFolders, is_exported: Callable[[str], bool], since: float
) -> Iterator[str]:
    """Runs that are over, lack an export and were written to since then (seconds since 1970)."""
    for run_id in folders.ids():
        try:
            is_new = folders.path(run_id).stat().st_mtime >= since
            if is_new and not is_exported(run_id) and folders.read(run_id).is_final:
                yield run_id
        except (OSError, ServerError) as error:  # deleted meanwhile, or unreadable
            logger.info("run %s was passed over: %s", run_id, error)

"""Waiting for the end of a run, for any number of requests up to a limit."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from devserver.my_app.services.run_metadata import RunMetadata


class RunWatch:
    """Knows who waits for which run. `heard` is told of each change the storage writes."""

    def __init__(self, get_metadata: Callable[[str], RunMetadata], *, max_waiters: int) -> None:
        self._get_metadata = get_metadata
        self._max_waiters = max_waiters
        self._guard = threading.Lock()
        self._waiting: defaultdict[str, set[threading.Event]] = defaultdict(set)
        self._waiters = 0

    def heard(self, metadata: RunMetadata) -> None:
        """Wake those who wait for this run, when it is over or waits for an edit."""
        if _at_rest(metadata):
            with self._guard:
                for event in self._waiting.get(metadata.run_id, ()):
                    event.set()

    def wait(self, run_id: str, seconds: float) -> RunMetadata:
        """Return the run's metadata when it is at rest, or as it is after `seconds`.

        Returns at once when the room for waiters is taken. Raises RunNotFound.
        """
        event = threading.Event()
        with self._guard:
            if self._waiters >= self._max_waiters:
                seconds = 0
            self._waiters += 1
            self._waiting[run_id].add(event)
        try:
            # Looked at only after the event is in place, so that no change falls in between.
            metadata = self._get_metadata(run_id)
            if seconds > 0 and not _at_rest(metadata):
                event.wait(seconds)
                metadata = self._get_metadata(run_id)
            return metadata
        finally:
            with self._guard:
                self._waiters -= 1
                self._waiting[run_id].discard(event)
                if not self._waiting[run_id]:
                    del self._waiting[run_id]


def _at_rest(metadata: RunMetadata) -> bool:
    return metadata.is_final or metadata.status == "awaiting_edit"

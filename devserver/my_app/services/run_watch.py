"""Waiting for the end of a run, for any number of requests up to a limit."""

from __future__ import annotations

from collections.abc import Callable

from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.waiting_room import Bells, IsGone, WaitingRoom, is_there


class RunWatch:
    """Knows who waits for which run. `heard` is told of each change the storage writes."""

    def __init__(self, get_metadata: Callable[[str], RunMetadata], room: WaitingRoom) -> None:
        self._get_metadata = get_metadata
        self._room = room
        self._bells = Bells()
        self._closed = False

    def heard(self, metadata: RunMetadata) -> None:
        """Wake those who wait for this run, when it is over or waits for an edit."""
        if _at_rest(metadata):
            self._bells.ring(metadata.run_id)

    def wait(self, run_id: str, seconds: float, is_gone: IsGone = is_there) -> RunMetadata:
        """Return the run's metadata when it is at rest, or as it is after `seconds`.

        Returns at once when the room for waiters is taken, the server is ending, or who waits is
        gone. Raises RunNotFound.
        """
        if seconds <= 0:
            return self._get_metadata(run_id)
        with self._room.place() as free, self._bells.bell(run_id, is_gone) as bell:
            # Looked at only after the bell is in place, so that no change falls in between.
            metadata = self._get_metadata(run_id)
            if free and not _at_rest(metadata) and not self._closed:
                bell.wait(seconds)
                metadata = self._get_metadata(run_id)
            return metadata

    def close(self) -> None:
        """End all waits, those to come too: the runs go on, now or after the next start."""
        self._closed = True
        self._bells.ring_all()


def _at_rest(metadata: RunMetadata) -> bool:
    return metadata.is_final or metadata.status == "awaiting_edit"

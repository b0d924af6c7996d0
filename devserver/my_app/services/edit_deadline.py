"""Cancels runs that wait for an edit which nobody makes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import DISK_FAILURES
from devserver.my_app.services.run_metadata import RunError, RunMetadata, RunStatus

logger = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)
_PAUSE = timedelta(minutes=1)
_LONGEST_SLEEP_SECONDS = 600.0
"""A laptop that was shut sleeps through any timer, so the clock is looked at now and then."""
_TIMED_OUT = RunError(
    code="edit_timed_out", message="Nobody has gone on with this text for a day.", stage=2
)


class FinishRun(Protocol):
    """How a run is ended."""

    def __call__(
        self, run_id: str, status: RunStatus, error: RunError | None = None
    ) -> RunMetadata: ...


class EditDeadline:
    """Knows since when which runs wait; `heard` is told of each change the storage writes."""

    def __init__(
        self,
        finish_run: FinishRun,
        *,
        patience: timedelta = PATIENCE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._finish_run = finish_run
        self._patience = patience
        self._now = now
        self._changed = threading.Condition()
        self._cancelling = threading.Lock()
        self._deadlines: dict[str, datetime] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="edit-deadline", daemon=True)
        self._thread.start()

    def heard(self, run: RunMetadata) -> None:
        """Take note of a run that waits, or that waits no more."""
        with self._changed:
            if run.status == "awaiting_edit":
                self._deadlines[run.run_id] = _waiting_since(run, self._now()) + self._patience
                self._changed.notify_all()
            else:
                self._deadlines.pop(run.run_id, None)

    def cancel_overdue(self) -> None:
        """End all runs whose time is up; those that the disk does not take get another minute."""
        with self._cancelling:
            now = self._now()
            with self._changed:
                overdue = [run_id for run_id, end in self._deadlines.items() if end <= now]
            for run_id in overdue:
                later: datetime | None = None
                try:
                    self._finish_run(run_id, "cancelled", _TIMED_OUT)
                except DISK_FAILURES as error:
                    logger.warning("run %s was not cancelled yet: %s", run_id, error)
                    later = now + _PAUSE
                except ServerError as error:
                    logger.info("run %s was not cancelled: %s", run_id, error)
                self._put_off(run_id, later)

    def close(self) -> None:
        """End the watching; what is due is cancelled after the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _put_off(self, run_id: str, deadline: datetime | None) -> None:
        """With None, nothing is left to be done; nor with one that went on meanwhile."""
        with self._changed:
            if deadline is None:
                self._deadlines.pop(run_id, None)
            elif run_id in self._deadlines:
                self._deadlines[run_id] = deadline

    def _watch(self) -> None:
        while True:
            with self._changed:
                if not self._closed:
                    self._changed.wait(self._pause())
                if self._closed:
                    return
            self.cancel_overdue()

    def _pause(self) -> float:
        if not self._deadlines:
            return _LONGEST_SLEEP_SECONDS
        left = (min(self._deadlines.values()) - self._now()).total_seconds()
        return min(max(left, 0.0), _LONGEST_SLEEP_SECONDS)


def _waiting_since(run: RunMetadata, now: datetime) -> datetime:
    """When its last step began; what can't be read counts as just now."""
    try:
        since = datetime.fromisoformat(run.stages[-1].started_at)
    except (IndexError, ValueError):
        return now
    return since if since.tzinfo else since.replace(tzinfo=UTC)

"""The ends of runs that a disk would not take: kept, and said again until it does."""

from __future__ import annotations

import logging
import threading

from devserver.my_app.services.edit_deadline import FinishRun
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_intake import RunIsOver
from devserver.my_app.services.run_folders import DISK_FAILURES, RunNotFound
from devserver.my_app.services.run_metadata import RunError, RunStatus

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0


class LastWords:
    """Ends runs whose workers leave them, now or as soon as that can be written.

    Without this, a run would stay `running` with nobody at work on it until the next start. There
    is a thread only as long as there is something to say. Safe to share between threads.
    """

    def __init__(self, finish_run: FinishRun, *, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._finish_run = finish_run
        self._pause_seconds = pause_seconds
        self._changed = threading.Condition()
        self._unsaid: dict[str, tuple[RunStatus, RunError | None]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def say(self, run_id: str, status: RunStatus, error: RunError | None = None) -> None:
        """End the run; when the disk fails, keep that and try again until it is written.

        Raises what `finish_run` raises but for DISK_FAILURES.
        """
        try:
            self._finish_run(run_id, status, error)
        except DISK_FAILURES:
            logger.exception("run %s could not be ended; that is tried again", run_id)
            with self._changed:
                self._unsaid[run_id] = (status, error)
                self._start()

    def say_again(self) -> None:
        """Try once more with all that are kept; those that are over or gone are forgotten.

        One that can't be what was said of it, since a file is gone, ends as `failed`.
        """
        with self._changed:
            unsaid = list(self._unsaid.items())
        for run_id, (status, error) in unsaid:
            try:
                self._finish_run(run_id, status, error)
            except DISK_FAILURES:
                continue
            except ServerError as refusal:
                logger.info("run %s was not ended as %s: %s", run_id, status, refusal)
                if not isinstance(refusal, RunIsOver | RunNotFound) and status != "failed":
                    failed = RunError(code=refusal.code, message=str(refusal))
                    self._unsaid[run_id] = ("failed", failed)
                    continue
            self._unsaid.pop(run_id, None)

    def close(self) -> None:
        """End the trying; runs that are not over then go on at the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._try_on, name="last-words", daemon=True)
            self._thread.start()

    def _try_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, self._pause_seconds)
                if self._closed:
                    return
            try:
                self.say_again()
            except Exception:
                # Whatever nobody thought of in one run must not silence the others.
                logger.exception("a run could not be ended")
            with self._changed:
                if not self._unsaid:
                    self._thread = None
                    return

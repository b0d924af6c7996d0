"""The queue of runs: a port, and its adapter inside this process.

A message is a run_id and nothing more; whoever works on it reads everything else from the run
folder. So another engine can take the adapter's place.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)


class QueueFull(ServerError):
    """So many runs are waiting that no further one is taken."""

    code = "queue_full"


class RunQueue(Protocol):
    """Hands each run_id to one worker, in order."""

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""

    def put(self, run_id: str) -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that.

        So nothing is lost when a run that waits for an edit is continued before its worker has
        left it. A worker finds nothing to do in a run that is over.
        """

    def place_of(self, run_id: str) -> int | None:
        """1 for the next run in line; None when it isn't waiting."""

    def close(self, patience_seconds: float) -> None:
        """Take no more runs, start none, and give those under way some time to end."""


class EmbeddedRunQueue:
    """Worker threads in this process, first come first served."""

    def __init__(self, work: Callable[[str], None], *, workers: int, max_waiting: int) -> None:
        self._work = work
        self._max_waiting = max_waiting
        self._waiting: deque[str] = deque()
        self._under_way: set[str] = set()
        self._again: set[str] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"run-worker-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""
        with self._changed:
            if self._closed:
                raise QueueFull("The server is shutting down and takes no new runs.")
            if len(self._waiting) >= self._max_waiting:
                raise QueueFull("So many pictures are being made that there is no room just now.")

    def put(self, run_id: str) -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that."""
        with self._changed:
            if run_id in self._under_way:
                self._again.add(run_id)
            elif run_id not in self._waiting:
                self._waiting.append(run_id)
                self._changed.notify()

    def place_of(self, run_id: str) -> int | None:
        """1 for the next run in line; None when it isn't waiting."""
        with self._changed:
            return self._waiting.index(run_id) + 1 if run_id in self._waiting else None

    def close(self, patience_seconds: float) -> None:
        """Take no more runs, start none, and give those under way some time to end.

        What is still waiting stays `queued` in its folder and goes on at the next start.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._under_way, patience_seconds)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                run_id = self._waiting.popleft()
                self._under_way.add(run_id)
            try:
                self._work(run_id)
            except Exception:
                # The last line of defence: a worker thread never ends because of one run.
                logger.exception("run %s: its worker failed", run_id)
            finally:
                with self._changed:
                    self._under_way.discard(run_id)
                    if run_id in self._again:
                        self._again.discard(run_id)
                        self._waiting.append(run_id)
                    self._changed.notify_all()

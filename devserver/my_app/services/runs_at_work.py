"""Which runs have a worker just now, and when it has left them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class RunsAtWork:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._run_ids: set[str] = set()

    @contextmanager
    def on(self, run_id: str) -> Iterator[None]:
        """Be the worker of a run during the block."""
        with self._changed:
            self._run_ids.add(run_id)
        try:
            yield
        finally:
            with self._changed:
                self._run_ids.discard(run_id)
                self._changed.notify_all()

    def wait_until_left(self, run_id: str, seconds: float) -> bool:
        """Wait until no worker is at the run; False when one still is after that time."""
        with self._changed:
            return self._changed.wait_for(lambda: run_id not in self._run_ids, seconds)

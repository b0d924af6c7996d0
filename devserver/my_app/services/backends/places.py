"""How much is asked of a backend at a time, over all runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_LOOK_SECONDS = 1.0


class BackendPlaces:
    """So many places at each backend that `limits` names; at all others there is no limit here.

    A run queues for the backend it mainly needs; if it needs others besides, this keeps their
    limits, too.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._places = {name: threading.BoundedSemaphore(limit) for name, limit in limits.items()}

    @contextmanager
    def place(self, backend: str, check_wanted: Callable[[], None]) -> Iterator[None]:
        """Hold a place inside the block. `check_wanted` is asked while waiting, and may raise."""
        places = self._places.get(backend)
        if places is None:
            yield
            return
        while not places.acquire(timeout=_LOOK_SECONDS):
            check_wanted()
        try:
            yield
        finally:
            places.release()

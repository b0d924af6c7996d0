"""Room for those who wait for runs, and the bells that wake them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class WaitingRoom:
    """So many `places`, shared by all kinds of waiting: each of them holds a thread."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._guard = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many wait just now."""
        with self._guard:
            return self._taken

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Hold a place inside the block; gives False when all of them are taken."""
        with self._guard:
            free = self._taken < self.places
            self._taken += free
        try:
            yield free
        finally:
            with self._guard:
                self._taken -= free


class Bells:
    """One bell for each who waits for a run. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._bells: defaultdict[str, set[threading.Event]] = defaultdict(set)

    @contextmanager
    def bell(self, run_id: str) -> Iterator[threading.Event]:
        """A bell that rings for this run, until the block ends."""
        bell = threading.Event()
        with self._guard:
            self._bells[run_id].add(bell)
        try:
            yield bell
        finally:
            with self._guard:
                self._bells[run_id].discard(bell)
                if not self._bells[run_id]:
                    del self._bells[run_id]

    def ring(self, run_id: str) -> None:
        """Wake all who wait for this run."""
        with self._guard:
            for bell in self._bells.get(run_id, ()):
                bell.set()

    def ring_all(self) -> None:
        """Wake everybody."""
        with self._guard:
            for bells in self._bells.values():
                for bell in bells:
                    bell.set()

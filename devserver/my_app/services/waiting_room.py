"""Room for those who wait for runs, and the bells that wake them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
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


IsGone = Callable[[], bool]
"""Whether whoever waits has gone away meanwhile."""
_LOOK_SECONDS = 1.0


def is_there() -> bool:
    """The IsGone of somebody who stays."""
    return False


class Bell:
    """Wakes one who waits. A soft ring can be slept over for a while, a loud one can't."""

    def __init__(self, is_gone: IsGone = is_there) -> None:
        self.is_gone = is_gone
        self._changed = threading.Condition()
        self._rung = False
        self._loud = False
        self._hears_only_loud = False

    def ring(self, *, loud: bool = True) -> None:
        """Wake whoever waits, or will."""
        with self._changed:
            self._rung = True
            self._loud = self._loud or loud
            if loud or not self._hears_only_loud:
                self._changed.notify_all()

    def clear(self) -> None:
        """Forget that it rang."""
        with self._changed:
            self._rung = self._loud = False

    def wait(self, seconds: float, *, quiet_seconds: float = 0.0) -> bool:
        """Wait for a ring; False when none came. Soft ones count after `quiet_seconds` only.

        Ends early, as if it had rung, when who waits is gone.
        """
        end = time.monotonic() + seconds
        if quiet_seconds > 0:
            self._hears_only_loud = True
            self._wait_for(lambda: self._loud, min(end, time.monotonic() + quiet_seconds))
            self._hears_only_loud = False
        return self._wait_for(lambda: self._rung, end)

    def _wait_for(self, has_rung: Callable[[], bool], end: float) -> bool:
        while not self.is_gone():
            left = end - time.monotonic()
            with self._changed:
                if self._changed.wait_for(has_rung, max(0.0, min(left, _LOOK_SECONDS))):
                    return True
            if left <= _LOOK_SECONDS:
                return False
        return True


class Bells:
    """One bell for each who waits for a run. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._bells: defaultdict[str, set[Bell]] = defaultdict(set)

    @contextmanager
    def bell(self, run_id: str, is_gone: IsGone = is_there) -> Iterator[Bell]:
        """A bell that rings for this run, until the block ends."""
        bell = Bell(is_gone)
        with self._guard:
            self._bells[run_id].add(bell)
        try:
            yield bell
        finally:
            with self._guard:
                self._bells[run_id].discard(bell)
                if not self._bells[run_id]:
                    del self._bells[run_id]

    def ring(self, *run_ids: str, loud: bool = True) -> None:
        """Wake all who wait for one of these runs."""
        with self._guard:
            for run_id in run_ids:
                for bell in self._bells.get(run_id, ()):
                    bell.ring(loud=loud)

    def ring_all(self) -> None:
        """Wake everybody."""
        with self._guard:
            for bells in self._bells.values():
                for bell in bells:
                    bell.ring()

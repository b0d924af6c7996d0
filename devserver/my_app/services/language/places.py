"""How many calls a language server gets at once: asked by a whole class, it would serve nobody."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageModelTimedOut,
    Waiting,
    nobody_waits,
    still_wanted,
)

_LOOK_SECONDS = 1.0


class CallPlaces:
    """`at_once` places; whoever comes first has one first. Shared by all adapters of one server."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._queue: deque[object] = deque()
        self._changed = Condition()

    @contextmanager
    def place(
        self,
        seconds: float,
        *,
        check_wanted: CheckWanted = still_wanted,
        waiting: Waiting = nobody_waits,
        look_seconds: float = _LOOK_SECONDS,
    ) -> Iterator[None]:
        """Hold a place during the block.

        Raises LanguageModelTimedOut when there is none within `seconds`, and what `check_wanted`
        raises, which is asked at least every `look_seconds`.
        """
        self._take(time.monotonic() + seconds, check_wanted, waiting, look_seconds)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _take(
        self, deadline: float, check_wanted: CheckWanted, waiting: Waiting, look_seconds: float
    ) -> None:
        ticket = object()
        told: int | None = None
        with self._changed:
            self._queue.append(ticket)
        try:
            while (ahead := self._ahead(ticket, told, deadline, look_seconds)) is not None:
                check_wanted()
                # Said outside of the lock: whoever is told may take its time.
                if ahead != told:
                    waiting(ahead)
                told = ahead
        except BaseException:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()
            raise

    def _ahead(
        self, ticket: object, told: int | None, deadline: float, look_seconds: float
    ) -> int | None:
        """How many are ahead, after a while when that is known already; None with a place taken."""
        with self._changed:
            if told is not None and self._queue.index(ticket) == told >= self._free:
                left = max(0.0, deadline - time.monotonic())
                self._changed.wait(min(left, look_seconds))
            ahead = self._queue.index(ticket)
            if ahead >= self._free:
                if time.monotonic() >= deadline:
                    raise LanguageModelTimedOut("The language model has too much to do just now.")
                return ahead
            self._queue.remove(ticket)
            self._free -= 1
            self._changed.notify_all()
            return None

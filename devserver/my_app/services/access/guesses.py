"""Guessing gets slower: after some wrong attempts each further one has to wait longer."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from devserver.my_app.services.errors import ServerError

_FORGOTTEN_AFTER_SECONDS = 15 * 60.0
_MOST = 10_000


class TooManyGuesses(ServerError):
    """So many wrong attempts were made that the next one has to wait."""

    code = "too_many_guesses"

    def __init__(self, seconds: float) -> None:
        super().__init__("That was wrong too often. Please wait a moment before you try again.")
        self.retry_after_seconds: int = max(1, math.ceil(seconds))


@dataclass(frozen=True)
class Patience:
    """How many wrong attempts are `free`; the wait after the next one, doubled with each further
    one up to the longest, in seconds."""

    free: int
    first_wait: float = 1.0
    longest_wait: float = 300.0


@dataclass
class _Count:
    wrong: int = 0
    blocked_until: float = 0.0
    last_at: float = 0.0


class Guesses:
    """Wrong attempts for each key (an address, a device, or everybody). Safe between threads.

    An attempt counts as wrong from its beginning, until it turns out to be right: many at once
    gain nothing. A quarter of an hour without one, and all is forgotten. Of ten thousand keys
    the one longest unheard of gives way.
    """

    def __init__(self, patience: Patience, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._guard = threading.Lock()
        self.turn = threading.Lock()
        """Whose turn it is to make an attempt."""
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def begin(self, key: str) -> None:
        """Count an attempt. Raises TooManyGuesses, and then it isn't one."""
        now = self._clock()
        with self._guard:
            count = self._counts.setdefault(key, _Count())
            self._counts.move_to_end(key)
            while len(self._counts) > _MOST:
                self._counts.popitem(last=False)
            if now - count.last_at >= _FORGOTTEN_AFTER_SECONDS + self._patience.longest_wait:
                count.wrong, count.blocked_until = 0, now
            if now < count.blocked_until:
                raise TooManyGuesses(count.blocked_until - now)
            count.wrong += 1
            count.last_at = now
            count.blocked_until = now + self._wait_after(count.wrong)

    def take_back(self, key: str) -> None:
        """The attempt begun last was right, or wasn't made; the others stay counted."""
        with self._guard:
            count = self._counts.get(key)
            if count and count.wrong:
                count.wrong -= 1
                count.blocked_until = self._clock()

    def _wait_after(self, wrong: int) -> float:
        over = wrong - self._patience.free
        if over <= 0:
            return 0.0
        doubled = self._patience.first_wait * 2.0 ** min(over - 1, 40)
        return min(doubled, self._patience.longest_wait)


@contextmanager
def attempt(*counted: tuple[Guesses, str]) -> Iterator[None]:
    """An attempt that counts with each of these; right when the block ends without an exception.

    One at a time, so that many right ones at once are not taken for guesses; callers name the same
    ones in the same order. Raises TooManyGuesses before the block begins when one of them says so.
    """
    with ExitStack() as turns:
        for guesses, _ in counted:
            turns.enter_context(guesses.turn)
        with ExitStack() as not_made:
            for guesses, key in counted:
                guesses.begin(key)
                not_made.callback(guesses.take_back, key)
            not_made.pop_all()
        yield
        for guesses, key in counted:
            guesses.take_back(key)

"""How many requests somebody may make in a minute: token buckets, in memory.

Our own few lines, since of the well-kept packages none fits: `limits` (and Flask-Limiter, which
stands on it) knows no token bucket, goes by the wall clock, and keeps every key ever seen until its
window ends, while here anybody can invent keys.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 10_000


class TokenBuckets:
    """For each key a bucket of half a minute's requests, filled up evenly. Safe between threads.

    `per_minute` 0 is no limit. Of ten thousand keys the one longest unheard of gives way.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._size = float(max(1, per_minute // 2))
        self._clock = clock
        self._guard = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # full to, at

    def take(self, key: str) -> float:
        """Take one from the key's bucket: 0 when there was one, else in how many seconds there is.

        Being refused costs nothing.
        """
        now = self._clock()
        with self._guard:
            level, at = self._buckets.get(key, (self._size, now))
            level = min(self._size, level + (now - at) * self._per_second)
            is_free = self._per_second == 0 or level >= 1
            self._buckets[key] = (level - 1 if is_free else level, now)
            self._buckets.move_to_end(key)
            while len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        return 0.0 if is_free else (1 - level) / self._per_second

    def knows(self, key: str) -> bool:
        """Whether this key was heard of lately."""
        with self._guard:
            return key in self._buckets

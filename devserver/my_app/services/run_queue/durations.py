"""How long the work on runs takes, learnt from the last ones."""

from __future__ import annotations

import statistics
from collections import OrderedDict, deque

from devserver.my_app.services.run_queue.port import Leg

_LAST = 20
_MOST_KINDS = 500


class _Learnt:
    """The last of one kind, and their medians: learnt once a leg, they are asked for far more."""

    def __init__(self) -> None:
        self._last: deque[tuple[float, float]] = deque(maxlen=_LAST)
        self.seconds = 0.0
        self.share = 0.0

    def add(self, seconds: float, share: float) -> None:
        self._last.append((seconds, share))
        self.seconds = statistics.median(seconds for seconds, _ in self._last)
        self.share = statistics.median(share for _, share in self._last)


class Durations:
    """Medians over the last 20 legs of a kind; of a kind never seen, over those of its lane.

    Two measures: how long a leg takes, and its share of the lane, which is the time that it holds a
    place there divided by the number of legs that went on side by side. So a lane with one GPU
    behind it, where two runs at once take twice as long, gives the same share as one run alone.
    One thread at a time may learn; anybody may ask meanwhile.
    """

    def __init__(self) -> None:
        self._learnt: OrderedDict[Leg, _Learnt] = OrderedDict()

    def learn(self, leg: Leg, seconds: float, share: float | None = None) -> None:
        """Take in that a leg took `seconds`, and its `share`: all of that when it was alone."""
        for key in (leg, Leg(leg.lane, "")):
            learnt = self._learnt.setdefault(key, _Learnt())
            self._learnt.move_to_end(key)
            learnt.add(seconds, seconds if share is None else share)
        while len(self._learnt) > _MOST_KINDS:
            self._learnt.popitem(last=False)

    def seconds_of(self, leg: Leg) -> float | None:
        """How long such a leg takes; None when no leg of its lane was seen."""
        learnt = self._of(leg)
        return learnt.seconds if learnt else None

    def share_of(self, leg: Leg) -> float | None:
        """By how much such a leg delays those behind it; None when none of its lane was seen."""
        learnt = self._of(leg)
        return learnt.share if learnt else None

    def _of(self, leg: Leg) -> _Learnt | None:
        return self._learnt.get(leg) or self._learnt.get(Leg(leg.lane, ""))

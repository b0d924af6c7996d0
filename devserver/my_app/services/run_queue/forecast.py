"""When a run will probably be done, from what is known of those before it."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

from devserver.my_app.services.run_queue.durations import Durations
from devserver.my_app.services.run_queue.lane import Lane, Ticket
from devserver.my_app.services.run_queue.port import Outlook


class Forecast:
    """Looks along the lanes that a run still has to pass. Not safe to share."""

    def __init__(
        self, durations: Durations, lane: Callable[[str], Lane], clock: Callable[[], float]
    ) -> None:
        self._durations = durations
        self._lane = lane
        self._clock = clock

    def of_under_way(self, ticket: Ticket) -> Outlook:
        """The outlook of a run that a worker has; no seconds if it takes longer than others."""
        whole = self._durations.seconds_of(ticket.leg)
        elapsed = self._clock() - ticket.since
        left = None if whole is None or elapsed > whole else whole - elapsed
        return Outlook(None, self._until_the_end(ticket, left, 0))

    def of_waiting(self, ticket: Ticket) -> Outlook:
        """The outlook of a run in a line. Places are told where its way ends: the long line."""
        lane = self._lane(ticket.leg.lane)
        before = list(itertools.takewhile(lambda other: other is not ticket, lane))
        until_start = self._until_start(lane, before, len(before))
        own = self._durations.seconds_of(ticket.leg)
        done = None if until_start is None or own is None else until_start + own
        if len(ticket.way) == 1:
            return Outlook(len(before) + 1, done)
        same_way = sum(1 for other in before if other.end == ticket.end)
        place = self._lane(ticket.end).place_behind(ticket.device) + same_way
        return Outlook(place, self._until_the_end(ticket, done, same_way))

    def _until_the_end(self, ticket: Ticket, done: float | None, same_way: int) -> float | None:
        """Seconds to the run's end, of those until it is `done` with the leg that it is at.

        `same_way` runs come to the later lanes before it. While it is at this leg, those who wait
        in the later lanes move on, so it waits there only for what is left.
        """
        for leg in ticket.way[1:]:
            lane = self._lane(leg.lane)
            number = lane.place_behind(ticket.device) - 1 + same_way
            until_start = self._until_start(lane, list(lane), number)
            own = self._durations.seconds_of(leg)
            if done is None or until_start is None or own is None:
                return None
            done = max(done, until_start) + own
        return done

    def _until_start(self, lane: Lane, waiting: Sequence[Ticket], number: int) -> float | None:
        """Seconds until a run starts that comes behind `number` others such as those waiting."""
        if number == 0 and len(lane.under_way) < lane.limit:
            return 0.0
        left = [self._share_left(ticket) for ticket in lane.under_way.values()]
        alike = waiting or list(lane.under_way.values())
        shares = [self._durations.share_of(ticket.leg) for ticket in alike]
        known = [share for share in (*left, *shares) if share is not None]
        if len(known) < len(left) + len(shares):
            return None
        mean = statistics.fmean(known[len(left) :]) if alike else 0.0
        return math.fsum(known[: len(left)]) + number * mean

    def _share_left(self, ticket: Ticket) -> float | None:
        """By how much a run that is under way still delays those behind it."""
        share = self._durations.share_of(ticket.leg)
        whole = self._durations.seconds_of(ticket.leg)
        if share is None or not whole:
            return share
        return share * max(0.0, 1 - (self._clock() - ticket.since) / whole)

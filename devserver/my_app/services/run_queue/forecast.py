"""When runs will probably be done, from what is known of those before them."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable

from devserver.my_app.services.run_queue.durations import Durations
from devserver.my_app.services.run_queue.lane import Lane, Ticket
from devserver.my_app.services.run_queue.port import Outlook


class Forecast:
    """Looks along the lanes that runs still have to pass. Not safe to share."""

    def __init__(
        self, durations: Durations, lane: Callable[[str], Lane], clock: Callable[[], float]
    ) -> None:
        self._durations = durations
        self._lane = lane
        self._clock = clock

    def of_all(self, lanes: Iterable[Lane]) -> dict[str, Outlook]:
        """The outlooks of all runs in `lanes`, by id; in one pass, since they look at the same.

        Places are told where a run's way ends: in the long line. One under way has no place, and
        no seconds if it takes longer than others.
        """
        moment = _Moment(self._durations, self._lane, self._clock())
        return {
            run_id: outlook
            for lane in lanes
            for run_id, outlook in moment.outlooks_in(lane).items()
        }


class _Moment:
    """All lanes as they stand at one moment; each is looked at once."""

    def __init__(self, durations: Durations, lane: Callable[[str], Lane], now: float) -> None:
        self._durations = durations
        self._lane = lane
        self._now = now
        self._views: dict[str, _View] = {}

    def outlooks_in(self, lane: Lane) -> dict[str, Outlook]:
        outlooks = {
            ticket.run_id: self._under_way(ticket)
            for ticket in (*lane.under_way.values(), *lane.leaving.values())
        }
        view = _View(lane, self._durations, self._now)
        ahead: Counter[str] = Counter()
        for index, ticket in enumerate(view.waiting):
            outlooks[ticket.run_id] = self._waiting(view, index, ticket, ahead[ticket.end])
            ahead[ticket.end] += 1
        return outlooks

    def _under_way(self, ticket: Ticket) -> Outlook:
        whole = self._durations.seconds_of(ticket.leg)
        elapsed = self._now - ticket.since
        left = None if whole is None or elapsed > whole else whole - elapsed
        return Outlook(None, self._until_the_end(ticket, left, 0))

    def _waiting(self, view: _View, index: int, ticket: Ticket, same_way: int) -> Outlook:
        until_start = view.until_start_of(index)
        own = self._durations.seconds_of(ticket.leg)
        done = None if until_start is None or own is None else until_start + own
        if len(ticket.way) == 1:
            return Outlook(index + 1, done)
        place = self._lane(ticket.end).place_behind(ticket.device) + same_way
        return Outlook(place, self._until_the_end(ticket, done, same_way))

    def _until_the_end(self, ticket: Ticket, done: float | None, same_way: int) -> float | None:
        """Seconds to the run's end, of those until it is `done` with the leg that it is at.

        `same_way` runs come to the later lanes before it. While it is at this leg, those who wait
        in the later lanes move on, so it waits there only for what is left.
        """
        for leg in ticket.way[1:]:
            if leg.lane not in self._views:
                self._views[leg.lane] = _View(self._lane(leg.lane), self._durations, self._now)
            view = self._views[leg.lane]
            number = view.lane.place_behind(ticket.device) - 1 + same_way
            until_start = view.until_start_behind(number)
            own = self._durations.seconds_of(leg)
            if done is None or until_start is None or own is None:
                return None
            done = max(done, until_start) + own
        return done


class _View:
    """One lane at one moment: who waits in it, and how long it will be held by how many."""

    def __init__(self, lane: Lane, durations: Durations, now: float) -> None:
        self.lane = lane
        self.waiting = list(lane)
        self._has_room = len(lane.under_way) < lane.limit
        under_way = list(lane.under_way.values())
        shares = [durations.share_of(ticket.leg) for ticket in self.waiting or under_way]
        known = [share for share in shares if share is not None]
        self._mean = statistics.fmean(known) if known else 0.0
        self._is_known = len(known) == len(shares)
        self._before = [0.0]
        """How long those before each one in line hold the lane; it ends before one unknown."""
        for share in shares[: len(self.waiting)]:
            if share is None:
                break
            self._before.append(self._before[-1] + share)
        left = [_share_left(ticket, durations, now) for ticket in under_way]
        self._left = None if None in left else math.fsum(one for one in left if one is not None)

    def until_start_of(self, index: int) -> float | None:
        """Seconds until the one at `index` of the line starts."""
        if index == 0 and self._has_room:
            return 0.0
        if self._left is None or index >= len(self._before):
            return None
        return self._left + self._before[index]

    def until_start_behind(self, number: int) -> float | None:
        """Seconds until one starts that comes behind `number` others such as those who wait."""
        if number == 0 and self._has_room:
            return 0.0
        if self._left is None or not self._is_known:
            return None
        return self._left + number * self._mean


def _share_left(ticket: Ticket, durations: Durations, now: float) -> float | None:
    """By how much a run that is under way still delays those behind it."""
    share = durations.share_of(ticket.leg)
    whole = durations.seconds_of(ticket.leg)
    if share is None or not whole:
        return share
    return share * max(0.0, 1 - (now - ticket.since) / whole)

"""When runs will probably be done, from what is known of those before them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

from devserver.my_app.services.run_queue.durations import Durations
from devserver.my_app.services.run_queue.lane import Lane, Ticket
from devserver.my_app.services.run_queue.port import Outlook


class Forecast:
    """Looks along the lanes as they stood at one moment, `now`. Safe to share: it stays the same.

    Made with the lanes at rest. What it takes to make it grows with the number of runs, what it
    takes to ask it hardly does: a class that watches asks it for one run after the other.
    """

    def __init__(self, lanes: Mapping[str, Lane], durations: Durations, now: float) -> None:
        """`lanes` are all those that runs are in or still have to pass."""
        self.now = now
        self._durations = durations
        self._views = {name: LaneView(lane, durations, now) for name, lane in lanes.items()}
        self._waiting = {
            ticket.run_id: (view, index)
            for view in self._views.values()
            for index, ticket in enumerate(view.waiting)
        }
        self._under_way = {
            ticket.run_id: ticket
            for lane in lanes.values()
            for ticket in (*lane.under_way.values(), *lane.leaving.values())
        }

    def outlook(self, run_id: str) -> Outlook | None:
        """Where the run stood; None when it was in no lane.

        Places are told where a run's way ends: in the long line. One under way has no place, and
        no seconds if it takes longer than others.
        """
        if run_id in self._waiting:
            return self._of_waiting(*self._waiting[run_id])
        if run_id in self._under_way:
            return self._of_one_under_way(self._under_way[run_id])
        return None

    def _of_one_under_way(self, ticket: Ticket) -> Outlook:
        whole = self._durations.seconds_of(ticket.leg)
        elapsed = self.now - ticket.since
        left = None if whole is None or elapsed > whole else whole - elapsed
        return Outlook(None, self._until_the_end(ticket, left, 0))

    def _of_waiting(self, view: LaneView, index: int) -> Outlook:
        ticket = view.waiting[index]
        until_start = view.until_start_of(index)
        own = self._durations.seconds_of(ticket.leg)
        done = None if until_start is None or own is None else until_start + own
        if len(ticket.way) == 1:
            return Outlook(index + 1, done)
        same_way = sum(ticket.end == other.end for other in view.waiting[:index])
        place = self._views[ticket.end].place_behind(ticket.device) + same_way
        return Outlook(place, self._until_the_end(ticket, done, same_way))

    def _until_the_end(self, ticket: Ticket, done: float | None, same_way: int) -> float | None:
        """Seconds to the run's end, of those until it is `done` with the leg that it is at.

        `same_way` runs come to the later lanes before it. While it is at this leg, those who wait
        in the later lanes move on, so it waits there only for what is left.
        """
        for leg in ticket.way[1:]:
            view = self._views[leg.lane]
            number = view.place_behind(ticket.device) - 1 + same_way
            until_start = view.until_start_behind(number)
            own = self._durations.seconds_of(leg)
            if done is None or until_start is None or own is None:
                return None
            done = max(done, until_start) + own
        return done


class LaneView:
    """One lane at one moment: who waits in it, and how long it will be held by how many."""

    def __init__(self, lane: Lane, durations: Durations, now: float) -> None:
        self.waiting = list(lane)
        self._lines = lane.line_lengths()
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

    def place_behind(self, device: str) -> int:
        """The place, from 1, that one more run of the device would get."""
        own = self._lines.get(device, 0)
        if own == 0:
            return len(self._lines) + 1
        place = own + 1
        turns = own + 1  # that another device has until then: one more if it comes first
        for other, length in self._lines.items():
            if other == device:
                turns = own
            else:
                place += min(length, turns)
        return place

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

"""The queue of runs inside this process: worker threads, lanes and turns."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devserver.my_app.services.run_queue.durations import Durations
from devserver.my_app.services.run_queue.forecast import Forecast
from devserver.my_app.services.run_queue.lane import Lane, Ticket
from devserver.my_app.services.run_queue.port import (
    Leg,
    LegEnd,
    Moved,
    Outlook,
    QueueFull,
    Way,
    Work,
)

logger = logging.getLogger(__name__)


_FORECAST_SECONDS = 0.25


@dataclass(frozen=True)
class _Board:
    """What is to be seen after so many moves."""

    moves: int
    forecast: Forecast


class EmbeddedRunQueue:
    """Worker threads in this process; see the port for what it guarantees.

    In a lane, the devices that have runs waiting take turns (round robin): of k devices, none waits
    for more than k - 1 runs of others before its next one starts. A lane has no more runs under way
    than `limits` says (those not named there: than there are workers), and is passed over while it
    is full; those that let go of their place still have a worker. Lanes take turns too, for when
    there are fewer workers than all limits together.
    """

    def __init__(
        self,
        work: Work,
        *,
        workers: int,
        max_waiting: int,
        limits: Mapping[str, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._workers = workers
        self._max_waiting = max_waiting
        self._limits = dict(limits or {})
        self._clock = clock
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._waiting: dict[str, Ticket] = {}
        self._under_way: dict[str, Ticket] = {}
        self._again: dict[str, tuple[Way, str]] = {}
        self._durations = Durations()
        self._moves = 0
        self._board = _Board(0, Forecast({}, self._durations, clock()))
        self._listeners: list[Callable[[Moved], None]] = []
        self._lock = threading.Lock()
        self._startable = threading.Condition(self._lock)
        self._ended = threading.Condition(self._lock)
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"run-worker-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def listen(self, listener: Callable[[Moved], None]) -> None:
        """Have `listener` called each time that a run comes to a line or leaves one."""
        self._listeners.append(listener)

    def learn(self, leg: Leg, seconds: float) -> None:
        """Take in how long a leg took that an earlier server worked on."""
        with self._lock:
            self._durations.learn(leg, seconds)
            self._moves += 1

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""
        with self._lock:
            if self._closed:
                raise QueueFull("The server is shutting down and takes no new runs.")
            if len(self._waiting) >= self._max_waiting:
                raise QueueFull("So many pictures are being made that there is no room just now.")

    def put(self, run_id: str, way: Way, *, device: str = "") -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that."""
        with self._lock:
            if run_id in self._under_way:
                self._again[run_id] = (way, device)
            if run_id in self._under_way or run_id in self._waiting:
                return
            moved = self._line_up(run_id, way, device or run_id)
            self._wake_one_for_more()
        self._tell(moved)

    def let_go(self, run_id: str) -> None:
        """Free the place in its lane of a run that is under way: what it needs there is done."""
        with self._lock:
            ticket = self._under_way.get(run_id)
            if ticket is None:
                return
            lane = self._lanes[ticket.leg.lane]
            if run_id in lane.under_way:
                lane.let_go(ticket, self._clock())
                self._moves += 1
                self._wake_one_for_more()

    def withdraw(self, run_id: str) -> None:
        """Take a run out of its line, if it waits in one."""
        with self._lock:
            self._again.pop(run_id, None)
            ticket = self._waiting.pop(run_id, None)
            if ticket is None:
                return
            self._lanes[ticket.leg.lane].remove(ticket)
            self._moves += 1
            moved = Moved(run_id, ticket.leg.lane, self._behind(ticket), is_gone=True)
        self._tell(moved)

    def outlook(self, run_id: str) -> Outlook | None:
        """Where the run stands; None when it is neither waiting nor under way."""
        # Without the lock as long as nothing moves: with a class watching, everybody would stand
        # in line for it, and the workers with them.
        board = self._board
        if not self._is_current(board):
            with self._lock:
                board = self._board
                if not self._is_current(board):
                    forecast = Forecast(self._lanes, self._durations, self._clock())
                    board = self._board = _Board(self._moves, forecast)
        return board.forecast.outlook(run_id)

    def lengths(self) -> dict[str, int]:
        """How many runs wait, by lane."""
        with self._lock:
            return {name: len(lane) for name, lane in self._lanes.items()}

    def stop(self) -> None:
        """Take no more runs and start none from now on; those under way go on."""
        with self._lock:
            self._closed = True
            self._startable.notify_all()

    def close(self, patience_seconds: float) -> list[str]:
        """Stop, and give those under way some time to end.

        Returns those that are left, in line or under way: they go on at the next start.
        """
        self.stop()
        with self._lock:
            self._ended.wait_for(lambda: not self._under_way, patience_seconds)
            return [*self._under_way, *self._waiting]

    def _is_current(self, board: _Board) -> bool:
        age = self._clock() - board.forecast.now
        return board.moves == self._moves and age < _FORECAST_SECONDS

    # What follows is called with the lock held, but for _serve and _tell.

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._startable.wait_for(lambda: self._closed or self._next_lane() is not None)
                name = self._next_lane()
                if self._closed or name is None:
                    return
                ticket, moved = self._start_from(name)
                self._wake_one_for_more()
            self._tell(moved)
            end = LegEnd.FAILED
            try:
                end = self._work(ticket.run_id, name)
            except Exception:
                # The last line of defence: a worker thread never ends because of one run.
                logger.exception("run %s: its worker failed", ticket.run_id)
            with self._lock:
                again = self._leave(ticket, end)
                self._ended.notify_all()
                self._wake_one_for_more()
            if again:
                self._tell(again)

    def _wake_one_for_more(self) -> None:
        """Let an idle worker go on, if a run may start: one only, which wakes the next in turn.

        With all of them woken each time, most work was looking and going back to sleep.
        """
        if self._next_lane() is not None:
            self._startable.notify()

    def _line_up(self, run_id: str, way: Way, device: str) -> Moved:
        ticket = Ticket(run_id, device, way, since=self._clock())
        for leg in way:
            self._lanes.setdefault(leg.lane, Lane(self._limits.get(leg.lane, self._workers)))
        self._lanes[ticket.leg.lane].add(ticket)
        self._waiting[run_id] = ticket
        self._moves += 1
        return Moved(run_id, ticket.leg.lane)

    def _next_lane(self) -> str | None:
        return next((name for name, lane in self._lanes.items() if lane.can_start), None)

    def _start_from(self, name: str) -> tuple[Ticket, Moved]:
        self._lanes.move_to_end(name)
        ticket = self._lanes[name].take()
        del self._waiting[ticket.run_id]
        self._under_way[ticket.run_id] = ticket
        self._moves += 1
        waited, ticket.since = self._clock() - ticket.since, self._clock()
        return ticket, Moved(ticket.run_id, name, self._behind(ticket), waited)

    def _leave(self, ticket: Ticket, end: LegEnd) -> Moved | None:
        lane = self._lanes[ticket.leg.lane]
        if ticket.run_id in lane.under_way:
            lane.let_go(ticket, self._clock())
        if end is not LegEnd.FAILED:
            self._durations.learn(ticket.leg, self._clock() - ticket.since, ticket.share)
        del lane.leaving[ticket.run_id]
        del self._under_way[ticket.run_id]
        self._moves += 1
        if ticket.run_id in self._again:
            way, device = self._again.pop(ticket.run_id)
            return self._line_up(ticket.run_id, way, device or ticket.run_id)
        if end is LegEnd.GOES_ON and len(ticket.way) > 1:
            return self._line_up(ticket.run_id, ticket.way[1:], ticket.device)
        return None

    def _behind(self, ticket: Ticket) -> tuple[str, ...]:
        # Also those who only come to this line later, since their places look ahead.
        return tuple(other.run_id for other in self._waiting.values() if other.end == ticket.end)

    def _tell(self, moved: Moved) -> None:
        for listener in self._listeners:
            try:
                listener(moved)
            except Exception:
                # Nobody who only listens may end a worker, and leave its run under way for ever.
                logger.exception("run %s: somebody could not hear where it went", moved.run_id)

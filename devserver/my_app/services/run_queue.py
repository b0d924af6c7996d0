"""The queue of runs: a port, and its adapter inside this process.

A message is a run_id and nothing more; whoever works on it reads everything else from the run
folder. So another engine can take the adapter's place.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)


class QueueFull(ServerError):
    """So many runs are waiting that no further one is taken."""

    code = "queue_full"


class RunQueue(Protocol):
    """Hands each run_id to one worker: lane by lane, and in a lane to each device in its turn."""

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""

    def put(self, run_id: str, *, device: str = "", lane: str = "") -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that.

        So nothing is lost when a run that waits for an edit is continued before its worker has
        left it. A worker finds nothing to do in a run that is over.

        `device` says whose run it is; without one, the run is a device of its own. `lane` is the
        backend that it mainly needs.
        """

    def place_of(self, run_id: str) -> int | None:
        """1 for the next run of its lane; None when it isn't waiting.

        The runs that start before it, if nothing else is put, are those with lower numbers.
        """

    def close(self, patience_seconds: float) -> None:
        """Take no more runs, start none, and give those under way some time to end."""


class _Spot(NamedTuple):
    """Where a run is to be queued."""

    lane: str
    device: str


@dataclass
class _Lane:
    """The runs that wait for one backend: a line for each device, in the order of their turns."""

    limit: int
    under_way: int = 0
    lines: OrderedDict[str, deque[str]] = field(default_factory=OrderedDict)

    @property
    def can_start(self) -> bool:
        return bool(self.lines) and self.under_way < self.limit

    def add(self, device: str, run_id: str) -> None:
        """At the end of the device's line; a device without one gets the last turn."""
        self.lines.setdefault(device, deque()).append(run_id)

    def take(self) -> str:
        """The next run; its device goes behind all others that wait."""
        device, line = self.lines.popitem(last=False)
        run_id = line.popleft()
        if line:
            self.lines[device] = line
        return run_id

    def place_of(self, device: str, run_id: str) -> int:
        own_before = self.lines[device].index(run_id)
        place = own_before + 1
        turns = own_before + 1  # that another device has until then: one more if it comes first
        for other, line in self.lines.items():
            if other == device:
                turns = own_before
            else:
                place += min(len(line), turns)
        return place


class EmbeddedRunQueue:
    """Worker threads in this process.

    In a lane, the devices that have runs waiting take turns (round robin): of k devices, none waits
    for more than k - 1 runs of others before its next one starts. A lane has no more runs under way
    than `limits` says (those not named there: than there are workers), and is passed over while it
    is full. Lanes take turns too, for when there are fewer workers than all limits together.
    """

    def __init__(
        self,
        work: Callable[[str], None],
        *,
        workers: int,
        max_waiting: int,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self._work = work
        self._workers = workers
        self._max_waiting = max_waiting
        self._limits = dict(limits or {})
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._waiting: dict[str, _Spot] = {}
        self._under_way: set[str] = set()
        self._again: dict[str, _Spot] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"run-worker-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""
        with self._changed:
            if self._closed:
                raise QueueFull("The server is shutting down and takes no new runs.")
            if len(self._waiting) >= self._max_waiting:
                raise QueueFull("So many pictures are being made that there is no room just now.")

    def put(self, run_id: str, *, device: str = "", lane: str = "") -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that."""
        spot = _Spot(lane, device or run_id)
        with self._changed:
            if run_id in self._under_way:
                self._again[run_id] = spot
            elif run_id not in self._waiting:
                self._line_up(run_id, spot)
                self._changed.notify()

    def place_of(self, run_id: str) -> int | None:
        """1 for the next run of its lane; None when it isn't waiting."""
        with self._changed:
            spot = self._waiting.get(run_id)
            return self._lanes[spot.lane].place_of(spot.device, run_id) if spot else None

    def close(self, patience_seconds: float) -> None:
        """Take no more runs, start none, and give those under way some time to end.

        What is still waiting stays `queued` in its folder and goes on at the next start.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._under_way, patience_seconds)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next_lane() is not None)
                lane = self._next_lane()
                if self._closed or lane is None:
                    return
                run_id = self._start_from(lane)
            try:
                self._work(run_id)
            except Exception:
                # The last line of defence: a worker thread never ends because of one run.
                logger.exception("run %s: its worker failed", run_id)
            finally:
                with self._changed:
                    self._lanes[lane].under_way -= 1
                    self._under_way.discard(run_id)
                    if run_id in self._again:
                        self._line_up(run_id, self._again.pop(run_id))
                    self._changed.notify_all()

    def _line_up(self, run_id: str, spot: _Spot) -> None:
        if spot.lane not in self._lanes:
            self._lanes[spot.lane] = _Lane(self._limits.get(spot.lane, self._workers))
        self._lanes[spot.lane].add(spot.device, run_id)
        self._waiting[run_id] = spot

    def _next_lane(self) -> str | None:
        return next((name for name, lane in self._lanes.items() if lane.can_start), None)

    def _start_from(self, name: str) -> str:
        self._lanes.move_to_end(name)
        lane = self._lanes[name]
        run_id = lane.take()
        lane.under_way += 1
        del self._waiting[run_id]
        self._under_way.add(run_id)
        return run_id

"""What happens to a run, as events: for streams, and for requests that wait for the next one.

An event is how the whole run stands, so the newest one makes up for all before it. Its id is
`<revision>-<number>`. The revision is that of metadata.json; the number counts what else happened
to the run, its moves in the queue and the reports of progress, in memory only. So each server
counts from a number of its own: what a client saw of an earlier one is no event of this one's. An
event is new to a client when its id is another than the last one the client has seen.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.run_progress import Progress, RunProgress
from devserver.my_app.services.run_queue import Moved, Outlook
from devserver.my_app.services.waiting_room import Bell, Bells, IsGone, WaitingRoom, is_there

HEARTBEAT_SECONDS = 15.0
PAUSE_SECONDS = 1.0
"""Between two events of one stream that tell no more than the place in line or the progress. With
a hundred and fifty watching, each run that starts moves all those behind it."""
_UNEVEN = 1.5
"""Streams that were once woken together would go on in step, and keep everything else waiting."""


_RUNS_KNOWN_TO_BE_OVER = 1000
_FIRST_NUMBERS = 2**40
"""So many that two servers never come upon the same ones."""


class TooManyWatchers(ServerError):
    """So many clients are waiting for runs that no further stream is opened."""

    code = "too_many_watchers"


@dataclass(frozen=True)
class RunEvent:
    """How a run stands: what is written of it, its place in line, and how far the work is.

    `seconds` is how long it probably takes to its end; None when that can't be said.
    """

    run: RunMetadata
    number: int
    place_in_queue: int | None
    seconds: float | None
    progress: Progress | None
    has_preview: bool

    @property
    def id(self) -> str:
        """`<revision>-<number>`; within one run, another one for each event."""
        return f"{self.run.revision}-{self.number}"

    def changes_state(self, seen: str | None) -> bool:
        """Whether the metadata changed since the event `seen`, not only the progress."""
        return seen is None or seen.partition("-")[0] != str(self.run.revision)


class RunEvents:
    """Tells those who watch a run what happens to it.

    `heard` is told of each change the storage writes, `progressed` of each report of progress,
    `moved` of each run that leaves a line, `deleted` of each run that is deleted. What other
    processes write is seen at a heartbeat.
    """

    def __init__(
        self,
        get_metadata: Callable[[str], RunMetadata],
        progress: RunProgress,
        outlook: Callable[[str], Outlook | None],
        room: WaitingRoom,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
        first_number: int | None = None,
    ) -> None:
        """`first_number` is where the numbers begin; by default at any."""
        self._get_metadata = get_metadata
        self._progress = progress
        self._outlook = outlook
        self.room = room
        self.heartbeat_seconds = heartbeat_seconds
        self.pause_seconds = pause_seconds
        self._bells = Bells()
        self._guard = threading.Lock()
        self.first_number = (
            secrets.randbelow(_FIRST_NUMBERS) if first_number is None else first_number
        )
        self._numbers: Counter[str] = Counter()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the server is ending."""
        return self._closed

    def heard(self, run: RunMetadata) -> None:
        """Wake those who watch this run."""
        if run.is_final:
            self._forget(run.run_id)
        self._bells.ring(run.run_id)

    def moved(self, moved: Moved) -> None:
        """Wake those who watch a run that came to a line or left it, or one behind it."""
        self._count(*(moved.behind if moved.is_gone else (moved.run_id, *moved.behind)))

    def progressed(self, run_id: str) -> None:
        """Wake those who watch this run."""
        self._count(run_id)

    def deleted(self, run_id: str) -> None:
        """Forget a run that is gone, and let its streams come to their end."""
        self._progress.forget(run_id)
        self._forget(run_id)
        self._bells.ring(run_id)

    def close(self) -> None:
        """End all streams and waits; clients come back to the next server with what they saw."""
        self._closed = True
        self._bells.ring_all()

    def newest(self, run_id: str) -> RunEvent:
        """How the run stands. Raises RunNotFound, RunIdInvalid, MetadataUnreadable."""
        return self.event_of(self._get_metadata(run_id))

    def event_of(self, run: RunMetadata) -> RunEvent:
        """How the run of this metadata stands; one that is over has no progress."""
        if run.is_final:
            return RunEvent(run, 0, None, None, None, has_preview=False)
        # The number first: what happens in between comes again under its own number.
        with self._guard:
            number = self.first_number + self._numbers[run.run_id]
        outlook = self._outlook(run.run_id)
        progress = self._progress.of(run.run_id)
        # What a backend does before it, perhaps for others than us, takes nobody knows how long.
        waits = progress is not None and bool(progress.ahead)
        return RunEvent(
            run,
            number,
            outlook.place if outlook else None,
            outlook.seconds if outlook and not waits else None,
            progress,
            has_preview=self._progress.preview_of(run.run_id) is not None,
        )

    def wait(self, run_id: str, seen: str, seconds: float, is_gone: IsGone = is_there) -> RunEvent:
        """Return as soon as the run's newest event is another than `seen`, or after `seconds`.

        For less than a change of the metadata it waits a moment, so that nobody asks in a circle.
        Returns at once when the run is over, the room for waiters is taken, or who waits is gone.
        Raises what `newest` raises, also when the run is deleted meanwhile.
        """
        with self.room.place() as free, self._bells.bell(run_id, is_gone) as bell:
            began = time.monotonic()
            end = began + (seconds if free else 0)
            while True:
                bell.clear()
                event = self.newest(run_id)
                left = end - time.monotonic()
                quiet = began + self.pause_seconds - time.monotonic()
                is_over = event.run.is_final or self._closed or bell.is_gone()
                if event.changes_state(seen) or is_over or left <= 0:
                    return event
                if event.id == seen:
                    bell.wait(left, quiet_seconds=quiet)
                elif quiet > 0:
                    bell.wait(min(left, quiet), quiet_seconds=quiet)
                else:
                    return event

    def open(self, run_id: str, seen: str | None = None, is_gone: IsGone = is_there) -> RunStream:
        """A stream of the events after `seen`; it has to be closed.

        Raises TooManyWatchers, and what `newest` raises.
        """
        self.newest(run_id)
        with ExitStack() as holding:
            if not holding.enter_context(self.room.place()) or self._closed:
                raise TooManyWatchers("So many are watching that there is no room just now.")
            bell = holding.enter_context(self._bells.bell(run_id, is_gone))
            return RunStream(self, run_id, seen, bell, holding.pop_all())

    def _count(self, *run_ids: str) -> None:
        with self._guard:
            for run_id in run_ids:
                if run_id not in self._over:  # who tells of it has not heard of that yet
                    self._numbers[run_id] += 1
        self._bells.ring(*run_ids, loud=False)

    def _forget(self, run_id: str) -> None:
        with self._guard:
            self._numbers.pop(run_id, None)
            self._over[run_id] = None
            if len(self._over) > _RUNS_KNOWN_TO_BE_OVER:
                self._over.popitem(last=False)


class RunStream:
    """The events of one run as they come, to the final one; None for each heartbeat.

    Events that come faster than they are taken are left out, but for the newest. Raises
    RunNotFound when the run is deleted meanwhile.
    """

    def __init__(
        self,
        events: RunEvents,
        run_id: str,
        seen: str | None,
        bell: Bell,
        holding: ExitStack,
    ) -> None:
        self._events = events
        self.run_id = run_id
        self.seen = seen
        self._bell = bell
        self._holding = holding

    def __iter__(self) -> Iterator[RunEvent | None]:
        heartbeat = time.monotonic() + self._events.heartbeat_seconds
        pause = time.monotonic()
        while not self._events.is_closed:
            # Cleared before the look, so that no change falls in between.
            self._bell.clear()
            event = self._events.newest(self.run_id)
            if event.id != self.seen:
                yield event
                self.seen = event.id
                heartbeat = time.monotonic() + self._events.heartbeat_seconds
                pause = time.monotonic() + self._events.pause_seconds * random.uniform(1.0, _UNEVEN)
            if event.run.is_final or self._bell.is_gone():
                return
            now = time.monotonic()
            if not self._bell.wait(max(0.0, heartbeat - now), quiet_seconds=pause - now):
                yield None
                heartbeat = time.monotonic() + self._events.heartbeat_seconds

    def close(self) -> None:
        """Give up the place in the room; once or more often."""
        self._holding.close()

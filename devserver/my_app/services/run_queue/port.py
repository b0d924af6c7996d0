"""What the server asks of a queue of runs.

A message is a run_id and the way it takes; whoever works on a run reads everything else from the
run folder, and each step of the work can be done again without harm. So another engine can take
the place of the adapter inside this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from devserver.my_app.services.errors import ServerError


class QueueFull(ServerError):
    """So many runs are waiting that no further one is taken."""

    code = "queue_full"


class Leg(NamedTuple):
    """A part of a run's way: the lane it queues in, and the kind of work, which takes alike long.

    A lane is what is asked for: the texts, or a backend. A kind is a schema, or output configs.
    """

    lane: str
    kind: str


Way = tuple[Leg, ...]
"""The legs of a run in their order; never empty."""


class LegEnd(Enum):
    """How the work on one leg ended."""

    GOES_ON = "goes_on"
    """Done, and the run is ready for its next leg."""
    DONE = "done"
    """Done, and the run is at rest, whatever legs were left."""
    FAILED = "failed"
    """At rest too, but nothing can be learnt from how long it took."""


Work = Callable[[str, str], LegEnd]
"""Does what the run (by id) needs of a lane (by name), from where its folder says it stands."""


@dataclass(frozen=True)
class Outlook:
    """What can be said of a run that is queued or under way.

    `place` is 1 for the next one; None for one under way. `seconds` is how long it probably takes
    to its end; None while nothing is known of runs of its kind, or when it takes longer than they.
    """

    place: int | None
    seconds: float | None


@dataclass(frozen=True)
class Moved:
    """A run came to a lane's line or left it; those in `behind` have another place now.

    `waited_seconds` is how long one waited that is being worked on now; None for all others. One
    that `is_gone` was withdrawn.
    """

    run_id: str
    lane: str
    behind: tuple[str, ...] = ()
    waited_seconds: float | None = None
    is_gone: bool = False


class RunQueue(Protocol):
    """Hands each leg of a run to one worker; in a lane, to each device in its turn."""

    def check_room(self) -> None:
        """Raise QueueFull when no further run is taken."""

    def put(self, run_id: str, way: Way, *, device: str = "") -> None:
        """Queue a run that isn't waiting; one that is being worked on is queued after that.

        So nothing is lost when a run that waits for an edit is continued before its worker has
        left it. A worker finds nothing to do in a run that is over.

        `device` says whose run it is; without one, the run is a device of its own.
        """

    def let_go(self, run_id: str) -> None:
        """Free the place in its lane of a run that is under way: what it needs there is done.

        So the next one starts while this one is still brought to the end of its leg. Without a
        lane's place to free, nothing happens.
        """

    def withdraw(self, run_id: str) -> None:
        """Take a run out of its line, if it waits in one: it is over."""

    def outlook(self, run_id: str) -> Outlook | None:
        """Where the run stands; None when it is neither waiting nor under way.

        Places count the runs that come before it where its way ends.
        """

    def lengths(self) -> Mapping[str, int]:
        """How many runs wait, by lane."""

    def listen(self, listener: Callable[[Moved], None]) -> None:
        """Have `listener` called each time that a run comes to a line or leaves one."""

    def learn(self, leg: Leg, seconds: float) -> None:
        """Take in how long a leg took that an earlier server worked on."""

    def stop(self) -> None:
        """Take no more runs and start none from now on; those under way go on."""

    def close(self, patience_seconds: float) -> Sequence[str]:
        """Stop, and give those under way some time to end.

        Returns those that are left, in line or under way.
        """

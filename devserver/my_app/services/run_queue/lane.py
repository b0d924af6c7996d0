"""The line before one backend, or before the texts: a line for each device, in their turns."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from devserver.my_app.services.run_queue.port import Leg, Way


@dataclass
class Ticket:
    """A run on its way; `since` is when it began to wait, and then, when it began to be worked on.

    `side_by_side` is how many were under way in its lane when it began, itself among them; `share`
    is by how much it delayed those behind it, once it has left its place.
    """

    run_id: str
    device: str
    way: Way
    since: float
    side_by_side: int = 0
    share: float | None = None

    @property
    def leg(self) -> Leg:
        """The leg that it is at."""
        return self.way[0]

    @property
    def end(self) -> str:
        """The lane where its way ends."""
        return self.way[-1].lane


@dataclass
class Lane:
    """So many runs under way at most, and those that wait. Not safe to share.

    Those `leaving` have given up their place and are being brought to the end of their leg.
    """

    limit: int
    under_way: dict[str, Ticket] = field(default_factory=dict)
    leaving: dict[str, Ticket] = field(default_factory=dict)
    _lines: OrderedDict[str, deque[Ticket]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def __iter__(self) -> Iterator[Ticket]:
        """Those that wait, in the order in which they start if nobody else comes."""
        lines = deque(deque(line) for line in self._lines.values())
        while lines:
            line = lines.popleft()
            yield line.popleft()
            if line:
                lines.append(line)

    @property
    def can_start(self) -> bool:
        """Whether somebody waits and there is room for one more under way."""
        return bool(self._lines) and len(self.under_way) < self.limit

    def add(self, ticket: Ticket) -> None:
        """At the end of the device's line; a device without one gets the last turn."""
        self._lines.setdefault(ticket.device, deque()).append(ticket)

    def take(self) -> Ticket:
        """The next one, under way from now on; its device goes behind all others that wait."""
        device, line = self._lines.popitem(last=False)
        ticket = line.popleft()
        if line:
            self._lines[device] = line
        self.under_way[ticket.run_id] = ticket
        ticket.side_by_side = len(self.under_way)
        return ticket

    def let_go(self, ticket: Ticket, now: float) -> None:
        """Free the place of one under way, which is then `leaving`."""
        # As many as there were half of the time, more or less.
        together = max(1.0, (ticket.side_by_side + len(self.under_way)) / 2)
        ticket.share = (now - ticket.since) / together
        self.leaving[ticket.run_id] = self.under_way.pop(ticket.run_id)

    def remove(self, ticket: Ticket) -> None:
        """Let somebody go who waits."""
        line = self._lines[ticket.device]
        line.remove(ticket)
        if not line:
            del self._lines[ticket.device]

    def line_lengths(self) -> dict[str, int]:
        """How many of each device wait, in the order of the devices' turns."""
        return {device: len(line) for device, line in self._lines.items()}

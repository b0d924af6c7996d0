"""The queue of runs: a port (`port`), and its adapter inside this process (`embedded`)."""

from __future__ import annotations

from devserver.my_app.services.run_queue.embedded import EmbeddedRunQueue
from devserver.my_app.services.run_queue.port import (
    Leg,
    LegEnd,
    Moved,
    Outlook,
    QueueFull,
    RunQueue,
    Way,
    Work,
)

__all__ = [
    "EmbeddedRunQueue",
    "Leg",
    "LegEnd",
    "Moved",
    "Outlook",
    "QueueFull",
    "RunQueue",
    "Way",
    "Work",
]

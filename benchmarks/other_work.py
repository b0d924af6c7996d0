"""How much else a machine had to do during a benchmark."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STAT = Path("/proc/stat")


class OtherWork:
    """Begins to count when it is made. Only on Linux is anything known."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy, self._ours = _busy_seconds(), _our_seconds()

    def said(self) -> str:
        """In words; ask when all child processes are over, since only then their time is known."""
        if self._busy is None or (busy := _busy_seconds()) is None:
            return "what else this machine did is not known"
        others = (busy - self._busy) - (_our_seconds() - self._ours)
        whole = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return f"other work took {max(0.0, others / whole):.0%} of the processors meanwhile"


def _busy_seconds() -> float | None:
    """Of all processors, since the machine started (proc(5): all but idle and iowait)."""
    if not _STAT.exists():
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(ticks) for ticks in _STAT.read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _our_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

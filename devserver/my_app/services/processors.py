"""Which processors the threads of this process run on.

Python lets one thread of a process run at a time. Where the next one is woken on another processor
each time, a server of many threads spends more on waking than on working: with 150 clients, one
look in twenty at a run took over 22 ms, and 11 ms with all threads on one processor (two virtual
ones; `python -m benchmarks load`). So the server's threads are kept on one, but for those that work
long outside of Python; the worker processes use all.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_CALM = 1.5
"""By how much one may be interrupted more than the one that is interrupted least."""
_SPEEDS = ("cpu_capacity", "cpufreq/cpuinfo_max_freq")


def _allowed() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()


PROCESSORS = _allowed()
"""The numbers of those that this process began with; none where the system doesn't say."""


def keep_threads_on_one_processor() -> int | None:
    """Let all threads that there are, and those that they start, run on one processor.

    It is one of the fastest that this process may use and of those that devices interrupt least (a
    disk may keep one busy); by chance one of them, so that two servers may choose differently.
    Returns the number of the one chosen, also where the system refuses to keep a thread there
    (which is logged); None where it has nothing of the kind (macOS, Windows), or no choice.
    """
    allowed = _allowed()
    if sys.platform != "linux" or len(allowed) < 2:
        return None
    speeds = {number: _speed_of(number) for number in allowed}
    fastest = [number for number in allowed if speeds[number] == max(speeds.values())]
    interrupted = _interrupted_times()
    least = min(interrupted.get(number, 0) for number in fastest)
    calm = [number for number in fastest if interrupted.get(number, 0) <= _CALM * least]
    chosen = random.choice(calm)
    own = threading.current_thread()  # whose known id is its parent's, after a fork
    others = [t.native_id for t in threading.enumerate() if t is not own and t.native_id]
    for thread_id in (threading.get_native_id(), *others):
        try:
            os.sched_setaffinity(thread_id, {chosen})
        except OSError as error:  # it has ended, or this is not allowed here
            logger.debug("thread %d is not kept on one processor: %s", thread_id, error)
    return chosen


def use_processors(processors: frozenset[int] = PROCESSORS) -> None:
    """Let the calling thread, and those that it starts, run on these.

    A process that a kept thread started has to be told which those are.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # some of them were taken away meanwhile
            os.sched_setaffinity(0, processors)


def _speed_of(number: int, system: Path = Path("/sys/devices/system/cpu")) -> int:
    """How fast a processor is beside the others of its machine; 0 where that isn't told."""
    for name in _SPEEDS:
        try:
            return int((system / f"cpu{number}" / name).read_text())
        except (OSError, ValueError):
            continue
    return 0


def _interrupted_times(statistics: Path = Path("/proc/stat")) -> dict[int, int]:
    """How long devices have kept each processor busy, in ticks; empty where that isn't told.

    The sixth and seventh number of a processor's line (proc_stat(5): irq, softirq).
    """
    try:
        lines = [line.split() for line in statistics.read_text().splitlines()]
        return {
            int(name.removeprefix("cpu")): int(numbers[5]) + int(numbers[6])
            for name, *numbers in lines
            if name.startswith("cpu") and name != "cpu"
        }
    except (OSError, ValueError, IndexError):
        return {}

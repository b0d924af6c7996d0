"""The most memory that this process has had, as Linux counts it.

Not `ru_maxrss`: that begins with the memory of the process that started this one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.figure import NotMeasured

_OWN = Path("/proc/self")
_RESET_PEAK = "5"  # proc(5), /proc/pid/clear_refs


def needs_linux() -> None:
    """Raise NotMeasured where the peak can't be told."""
    if sys.platform != "linux":
        raise NotMeasured("the peak of memory is read from /proc, which only Linux has")


def forget_peak() -> int:
    """Let the peak begin anew at what is in use now; returns that, in KiB."""
    (_OWN / "clear_refs").write_text(_RESET_PEAK)
    return peak_kib()


def peak_kib() -> int:
    """The peak of the resident memory, in KiB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", (_OWN / "status").read_text(), re.MULTILINE)
    if found is None:
        raise NotMeasured("/proc tells no peak of memory")
    return int(found[1])

"""A work of ours, each time in a process of its own, beside a peer's: its time and its memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.figure import Figure


@dataclass(frozen=True)
class Took:
    """What one work took: seconds, and the KiB by which the peak of memory rose."""

    seconds: float
    grown_kib: int


def in_own_process(module: str, *arguments: str) -> Took:
    """Run a benchmark's own module as at a start, after what was written before is on the disk.

    It prints a JSON list of the seconds and the KiB.
    """
    os.sync()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    seconds, grown = json.loads(done.stdout)
    return Took(float(seconds), int(grown))


def speed_beside(
    what: str, rounds: Sequence[tuple[Took, float]], *, least: float, peer: str, unit: str
) -> Figure:
    """The median share of the peer's speed, over rounds of ours and the peer's seconds."""
    ours = statistics.median(took.seconds for took, _ in rounds)
    its = statistics.median(seconds for _, seconds in rounds)
    return Figure(
        what,
        statistics.median(seconds / took.seconds for took, seconds in rounds),
        least,
        f"x {unit}",
        f"ours {ours:.2f} s, {peer} {its:.2f} s, median of {len(rounds)} rounds",
        at_least=True,
    )


def most_memory(what: str, works: Iterable[Took], *, limit_mib: float, detail: str) -> Figure:
    """The worst of the works."""
    worst = max(took.grown_kib for took in works) / 1024
    return Figure(what, worst, limit_mib, "MiB more", detail)

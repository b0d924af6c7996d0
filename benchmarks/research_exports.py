"""RO-Crate in a bag, and REFI-QDA, of 1 GiB of media: their time beside ZIP's; their memory.

All three go the same way: out of the folders by run_id, media stored as they are.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.beside_peer import most_memory, speed_beside
from benchmarks.figure import Figure
from benchmarks.peak_memory import needs_linux
from benchmarks.zip_export import RUNS, ours, store_runs

_ROUNDS = 3
_LEAST_SHARE = 0.8
_LIMIT_MIB = 8.0
_FORMATS = ("rocrate", "qdpx")


def measure() -> list[Figure]:
    """The medians of rounds that take turns; the memory is the worst of them."""
    needs_linux()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        store_runs(folder / "exports", RUNS)
        rounds = [{one: ours(folder, one) for one in ("zip", *_FORMATS)} for _ in range(_ROUNDS)]
    figures: list[Figure] = []
    for one in _FORMATS:
        figures += [
            speed_beside(
                f"export 1 GiB as {one}",
                [(took[one], took["zip"].seconds) for took in rounds],
                least=_LEAST_SHARE,
                peer="ZIP",
                unit="ZIP",
            ),
            most_memory(
                f"memory while 1 GiB is exported as {one}",
                [took[one] for took in rounds],
                limit_mib=_LIMIT_MIB,
                detail=f"{RUNS} runs, after an export of one small run",
            ),
        ]
    return figures

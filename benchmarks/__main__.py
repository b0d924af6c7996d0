"""Run the benchmarks: `python -m benchmarks [NAME …]`; each prints its figure beside its limit."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import (
    comfyui_overhead,
    comfyui_waiting,
    durable_run,
    fifteen_clients,
    streamed_gigabyte,
)
from benchmarks.figure import Figure

BENCHMARKS: dict[str, Callable[[], Figure]] = {
    "durable_run": durable_run.measure,
    "streamed_gigabyte": streamed_gigabyte.measure,
    "fifteen_clients": fifteen_clients.measure,
    "comfyui_overhead": comfyui_overhead.measure,
    "comfyui_waiting": comfyui_waiting.measure,
}


def main(names: list[str]) -> int:
    """Run those named, or all; returns 1 when a limit was not held."""
    figures = [BENCHMARKS[name]() for name in names or BENCHMARKS]
    for figure in figures:
        print(figure)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

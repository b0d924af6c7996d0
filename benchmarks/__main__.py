"""Run the benchmarks: `python -m benchmarks [NAME …]`; each prints figures beside their limits."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    base64_answer,
    comfyui_overhead,
    comfyui_waiting,
    durable_run,
    fifteen_clients,
    hostile_corpus,
    load,
    media_serving,
    research_exports,
    search,
    stored_gigabyte,
    text_stages,
    watchers,
    word_lists,
    zip_export,
)
from benchmarks.figure import Figure, NotMeasured

BENCHMARKS: dict[str, Callable[[], Figure | list[Figure]]] = {
    "durable_run": durable_run.measure,
    "stored_gigabyte": stored_gigabyte.measure,
    "base64_answer": base64_answer.measure,
    "fifteen_clients": fifteen_clients.measure,
    "word_lists": word_lists.measure,
    "text_stages": text_stages.measure,
    "comfyui_overhead": comfyui_overhead.measure,
    "comfyui_waiting": comfyui_waiting.measure,
    "load": load.measure,
    "watchers": watchers.measure,
    "zip_export": zip_export.measure,
    "research_exports": research_exports.measure,
    "hostile_corpus": hostile_corpus.measure,
    "search": search.measure,
    "media_alone": media_serving.measure_alone,
    "media_behind_nginx": media_serving.measure_behind_nginx,
}


def main(arguments: list[str]) -> int:
    """Run those named, or all; returns 1 when a limit was not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args(arguments).names
    for unknown in set(names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {unknown}; there are {', '.join(BENCHMARKS)}")
    held = [run(name) for name in names or BENCHMARKS]
    return 0 if all(held) else 1


def run(name: str) -> bool:
    """Print the figures of one benchmark, or why there are none; False for a limit not held."""
    try:
        measured = BENCHMARKS[name]()
    except NotMeasured as reason:
        print(f"{name}: not measured: {reason}", flush=True)
        return True
    figures = measured if isinstance(measured, list) else [measured]
    for figure in figures:
        print(figure, flush=True)
    return all(figure.holds for figure in figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Fifteen clients at once, beside the bare drawing of fifteen pictures spread over the cores."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figure import Figure
from devserver.my_app.services.backends.atelier import Order, craft
from tests.honest_folders import check_folder
from tests.running_server import RunningServer

_CLIENTS = 15
_ROUNDS = 3
_LIMIT = 1.6
_TEXTS = ("Eine Blume auf der Wiese", "a cat on the moon at night", "drei Hunde am Meer")


def measure() -> Figure:
    """The median over a few rounds of: total time / (15 x CPU time of one picture / cores)."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        server = RunningServer(Path(folder))
        server.start()
        try:
            fifteen_at_once(server)
            totals = [fifteen_at_once(server) for _ in range(_ROUNDS)]
        finally:
            server.stop()
        for run_folder in server.runs.iterdir():
            if check_folder(run_folder).status != "success":
                raise RuntimeError(f"{run_folder.name} is not a success")
    one = cpu_seconds_of_a_picture()
    total = statistics.median(totals)
    return Figure(
        "15 clients at once",
        total / (_CLIENTS * one / cores),
        _LIMIT,
        "x bare drawing",
        f"{total:.2f} s in all, one picture {one:.2f} s of CPU, {cores} cores, all complete",
    )


def fifteen_at_once(server: RunningServer) -> float:
    def child(number: int) -> None:
        answer = server.post_text(input_text=_TEXTS[number % len(_TEXTS)], schema="passthrough")
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")

    started = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as threads:
        list(threads.map(child, range(_CLIENTS)))
    return time.perf_counter() - started


def cpu_seconds_of_a_picture() -> float:
    """The mean over the same texts, drawn in this process, which is warm by then."""
    craft(Order("image", _TEXTS[0], "", 0, {}, {"size": 1024}))
    started = time.process_time()
    for number in range(_CLIENTS):
        craft(Order("image", _TEXTS[number % len(_TEXTS)], "", number, {}, {"size": 1024}))
    return (time.process_time() - started) / _CLIENTS

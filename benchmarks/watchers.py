"""Many who watch, wait and read slowly: does the server still say at once that it is alive?"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.audience import Audience, Held, Seat
from benchmarks.figure import Figure
from benchmarks.load import TOKEN, own_metrics
from benchmarks.media_serving import stored_files
from devserver.config import Settings
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.running_server import RunningServer

_STREAMS = 100
_READERS = 50
_LONG_POLLS = 100
_RUNS = 10
_TOO_MANY = 50
_WATCHED_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_HEALTH_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
_OTHER_THREADS = (16, 64, 128, 256)


@dataclass(frozen=True)
class Stage:
    """A server with runs that wait for their texts, and a video of 50 MiB."""

    server: RunningServer
    run_ids: list[str]
    video: str
    capacity: int

    def streams(self, count: int) -> list[Seat]:
        """Event streams, spread over the runs."""
        return [
            Seat(f"/api/runs/{self.run_ids[number % len(self.run_ids)]}/events")
            for number in range(count)
        ]

    def long_polls(self, count: int) -> list[Seat]:
        """Requests that wait for something new."""
        seats = []
        for number in range(count):
            path = f"/api/runs/{self.run_ids[number % len(self.run_ids)]}"
            event = requests.get(self.server.url + path, timeout=60).json()["event"]
            seats.append(Seat(f"{path}?after={event}&wait=90"))
        return seats

    def readers(self, count: int) -> list[Seat]:
        """Slow readers of the second half of the video."""
        return [Seat(self.video, ("Range: bytes=26214400-",), is_slow=True)] * count


def measure() -> list[Figure]:
    """With the default number of threads against the limits; with others for comparison."""
    figures = []
    what = f"{_STREAMS} streams and {_READERS} slow readers"
    # A server for each: who hung up is only missed at the next heartbeat.
    with _started() as stage:
        seats = [*stage.streams(_STREAMS), *stage.readers(_READERS)]
        figures.append(_health_beside(what, stage, seats))
    with _started() as stage:
        seats = [*stage.streams(_STREAMS), *stage.long_polls(_LONG_POLLS)]
        polls = f"{_STREAMS} streams and {_LONG_POLLS} long polls"
        figures.append(_health_beside(polls, stage, seats))
    with _started() as stage:
        figures.append(_refusals(stage))
    for threads in _OTHER_THREADS:
        with _started(DEVSERVER_THREADS=str(threads)) as stage:
            seats = [*stage.streams(_STREAMS), *stage.readers(_READERS)]
            beside = f"{what}, with {threads} threads"
            figures.append(_health_beside(beside, stage, seats, is_judged=False))
    return figures


@contextmanager
def _started(**environment: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        server = RunningServer(Path(folder), token=TOKEN, **environment)
        settings = Settings.model_validate({**environment, "exports_dir": server.exports})
        _, video = stored_files(build_media_storage(settings, StorageRoot(settings.exports_dir)))
        server.start()
        try:
            yield Stage(server, _awaiting_runs(server), video.ours, settings.max_waiters)
        finally:
            server.stop()


def _awaiting_runs(server: RunningServer) -> list[str]:
    run_ids = []
    for _ in range(_RUNS):
        body = {"schema": "passthrough", "input_text": "Eine Katze", "output_type": "text"}
        url = f"{server.url}/api/schema/pipeline/interception"
        run_ids.append(requests.post(url, json=body, timeout=60).json()["run_id"])
    return run_ids


def _health_beside(
    what: str, stage: Stage, seats: Sequence[Seat], *, is_judged: bool = True
) -> Figure:
    idle = statistics.median(_looks_at_health(stage.server, 1.0))
    audience = Audience(stage.server.port, seats)
    try:
        looks = _looks_at_health(stage.server, _WATCHED_SECONDS)
        memory = 0.0 if max(looks) >= _PATIENCE_SECONDS else _memory_bytes(stage.server)
    finally:
        held = audience.go()
    return Figure(
        f"longest GET /api/health beside {what}",
        max(looks),
        _HEALTH_SECONDS if is_judged else None,
        "s",
        f"median {statistics.median(looks) * 1000:.1f} ms, idle {idle * 1000:.1f} ms, of "
        f"{len(looks)}; {_said(held)}; {memory / 2**20:.0f} MiB",
    )


def _refusals(stage: Stage) -> Figure:
    """More streams than there is room for, and a POST that would wait."""
    audience = Audience(stage.server.port, stage.streams(stage.capacity + _TOO_MANY))
    try:
        looks = _looks_at_health(stage.server, _WATCHED_SECONDS)
        started = time.perf_counter()
        body = {"schema": "passthrough", "input_text": "Eine Katze"}
        posted = requests.post(
            f"{stage.server.url}/api/schema/pipeline/execute", json=body, timeout=60
        )
        took = time.perf_counter() - started
    finally:
        held = audience.go()
    wrong = held.without_retry_after + abs(held.answers[503] - _TOO_MANY)
    if wrong or posted.status_code != 202:
        raise RuntimeError(f"{_said(held)}; POST answered {posted.status_code}")
    return Figure(
        f"longest answer with {_TOO_MANY} streams more than there is room for",
        max(held.longest_until_refused, took, *looks),
        _HEALTH_SECONDS,
        "s",
        f"{_said(held)}; 503 within {held.longest_until_refused * 1000:.0f} ms, "
        f"POST 202 in {took * 1000:.0f} ms, health at most {max(looks) * 1000:.0f} ms",
    )


def _looks_at_health(server: RunningServer, seconds: float) -> list[float]:
    """Each over a connection of its own; one that gets no answer counts with all our patience."""
    looks: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        try:
            requests.get(f"{server.url}/api/health", timeout=_PATIENCE_SECONDS)
        except requests.Timeout:
            return [*looks, _PATIENCE_SECONDS]
        looks.append(time.perf_counter() - started)
        time.sleep(_PAUSE_SECONDS)
    return looks


def _memory_bytes(server: RunningServer) -> float:
    return own_metrics(server)["process_resident_memory_bytes"]


def _said(held: Held) -> str:
    return ", ".join(
        f"{count} got {status or 'no answer yet'}" for status, count in sorted(held.answers.items())
    )

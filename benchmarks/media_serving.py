"""GET of media, beside nginx with sendfile that serves the same files on the same machine.

Alone, as one process answers, and behind nginx with X-Accel-Redirect as the operations page has it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.durable_run import picture_of_a_mebibyte
from benchmarks.figure import Figure, NotMeasured
from benchmarks.http_load import Load, bytes_per_second
from devserver.config import Settings
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.media_samples import mp4_bytes
from tests.running_nginx import ACCEL_PREFIX, NGINX, RunningNginx, site_before
from tests.running_server import RunningServer, free_port

_VIDEO_BYTES = 50 * 1024**2
_ROUNDS = 5
_SECONDS = {1: 0.3, 15: 0.6, 100: 0.4}
_JUDGED = 15
_PEER = "server {{ listen 127.0.0.1:{port}; location / {{ root {runs}; }} }}\n"


@dataclass(frozen=True)
class _File:
    """One stored file: where we have it, where nginx has it, and its size."""

    ours: str
    peers: str
    size: int


@dataclass(frozen=True)
class _Limits:
    """The least share of nginx's throughput, at 15 connections."""

    picture: float
    picture_part: float | None
    video: float
    video_part: float | None


def measure_alone() -> list[Figure]:
    """One process of ours, as it starts by default."""
    with _started() as (server, files):
        limits = _Limits(picture=0.15, picture_part=None, video=0.8, video_part=0.5)
        peer_port = free_port()
        peer = _PEER.format(port=peer_port, runs=server.runs)
        with RunningNginx(server.runs.parent.parent / "nginx", peer, peer_port) as nginx:
            return _figures("alone", server.url, nginx.url, files, limits)


def measure_behind_nginx() -> list[Figure]:
    """The same with nginx in front, which sends the files itself."""
    with _started(DEVSERVER_ACCEL_REDIRECT_PREFIX=ACCEL_PREFIX) as (server, files):
        limits = _Limits(picture=0.35, picture_part=None, video=0.9, video_part=None)
        port, peer_port = free_port(), free_port()
        sites = site_before(server, port) + _PEER.format(port=peer_port, runs=server.runs)
        with RunningNginx(server.runs.parent.parent / "nginx", sites, port) as nginx:
            peer = f"http://127.0.0.1:{peer_port}"
            return _figures("behind nginx", nginx.url, peer, files, limits)


@contextmanager
def _started(**environment: str) -> Iterator[tuple[RunningServer, list[_File]]]:
    if NGINX is None:
        raise NotMeasured("nginx is not installed (apt-get install nginx-light)")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        server = RunningServer(Path(folder), **environment)
        settings = Settings.model_validate({"exports_dir": server.exports})
        files = stored_files(build_media_storage(settings, StorageRoot(settings.exports_dir)))
        server.start()
        try:
            yield server, files
        finally:
            server.stop()


def stored_files(storage: MediaStorageService) -> list[_File]:
    """A picture of about 1 MiB and a video of 50 MiB in a new run."""
    run_id = storage.create_run(schema="dada", input_text="Eine Blume auf der Wiese").run_id
    outputs = [
        storage.add_media_from_data(run_id, data) for data in (picture_of_a_mebibyte(), _video())
    ]
    storage.finish_run(run_id, "success")
    return [
        _File(
            f"/api/media/{output.type}/{run_id}",
            f"/{run_id}/{output.filename}",
            output.file_size_bytes,
        )
        for output in outputs
    ]


def _video() -> bytes:
    """A film with a `free` box behind it (ISO/IEC 14496-12), which players pass over."""
    film = mp4_bytes()
    free = _VIDEO_BYTES - len(film)
    return film + free.to_bytes(4, "big") + b"free" + os.urandom(free - 8)


def _figures(how: str, ours: str, peers: str, files: list[_File], limits: _Limits) -> list[Figure]:
    picture, video = files
    return [
        _compare(f"1 MiB picture {how}", ours, peers, picture, limits.picture),
        _compare(
            f"half a picture by Range {how}", ours, peers, picture, limits.picture_part, half=True
        ),
        _compare(f"50 MiB video {how}", ours, peers, video, limits.video),
        _compare(f"half a video by Range {how}", ours, peers, video, limits.video_part, half=True),
    ]


def _compare(
    what: str, ours: str, peers: str, file: _File, limit: float | None, *, half: bool = False
) -> Figure:
    """The medians of rounds that take turns, at each number of connections."""
    start = file.size // 2 if half else 0
    status, headers = (206, (f"Range: bytes={start}-",)) if half else (200, ())
    loads = [
        Load(url, status, file.size - start, headers)
        for url in (ours + file.ours, peers + file.peers)
    ]
    ratios, said = {}, []
    for connections, seconds in _SECONDS.items():
        rounds = [
            [bytes_per_second(load, connections=connections, seconds=seconds) for load in loads]
            for _ in range(_ROUNDS)
        ]
        ratios[connections] = statistics.median(mine / its for mine, its in rounds)
        mine, its = (statistics.median(column) / 1e6 for column in zip(*rounds, strict=True))
        said.append(f"{connections}: {ratios[connections]:.2f} ({mine:.0f} to {its:.0f} MB/s)")
    detail = f"by connections {', '.join(said)}; median of {_ROUNDS} rounds"
    return Figure(
        f"{what}, {_JUDGED} connections", ratios[_JUDGED], limit, "x nginx", detail, at_least=True
    )

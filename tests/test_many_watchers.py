"""Many who watch, wait and read slowly at the real server, and more than it has room for."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.config import Settings
from devserver.my_app.services.run_metadata import RunRequest
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.comfyui_graphs import write_all
from tests.event_stream import event_stream
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_folder
from tests.media_samples import mp4_bytes
from tests.running_server import RunningServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="starts and stops a server by signals")

STREAMS, READERS = 100, 50
PART_BYTES = 6 * 1024**2
"""More than the buffers of a connection hold, so that the server has to wait for the reader."""


@contextmanager
def held_server(
    folder: Path, **environment: str
) -> Iterator[tuple[RunningServer, FakeComfyUI, threading.Event]]:
    """A server whose ComfyUI works on nothing until the event is set."""
    write_all(folder / "configs")
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = hold = threading.Event()
        server = RunningServer(
            folder,
            COMFYUI_URLS=comfy.url,
            DEVSERVER_OUTPUT_CONFIGS_DIR=str(folder / "configs"),
            **environment,
        )
        server.start()
        try:
            yield server, comfy, hold
        finally:
            hold.set()
            server.stop()


def start_run(server: RunningServer) -> str:
    body = {"schema": "passthrough", "input_text": "Eine Katze", "output_config": "image"}
    url = f"{server.url}/api/schema/pipeline/execute"
    answer = requests.post(url, json=body, headers={"Prefer": "respond-async"}, timeout=60)
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


def newest_event(server: RunningServer, run_id: str) -> str:
    """The event after which nothing comes any more, since ComfyUI is held."""
    url = f"{server.url}/api/runs/{run_id}"
    event = str(requests.get(url, timeout=60).json()["event"])
    while True:
        asked = {"after": event, "wait": "1"}
        newer = str(requests.get(url, params=asked, timeout=60).json()["event"])
        if newer == event:
            return event
        event = newer


def store_video(server: RunningServer) -> tuple[str, bytes]:
    """As another process on the same root; returns the address of the video and its bytes."""
    film = mp4_bytes()
    free = PART_BYTES
    video = film + free.to_bytes(4, "big") + b"free" + os.urandom(free - 8)
    settings = Settings.model_validate({"exports_dir": server.exports})
    storage = build_media_storage(settings, StorageRoot(settings.exports_dir))
    request = RunRequest(output_type="video")
    run_id = storage.create_run(schema="dada", input_text="x", request=request).run_id
    storage.add_media_from_data(run_id, video)
    storage.finish_run(run_id, "success")
    return f"/api/media/video/{run_id}", video


class SlowReader:
    """Asks for the end of a video by Range, and takes nothing of it until told to."""

    def __init__(self, server: RunningServer, path: str, start: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", server.port))
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nRange: bytes={start}-\r\n\r\n"
        self.socket.sendall(request.encode())

    def read(self, length: int) -> bytes:
        """The body, to its end."""
        with self.socket, self.socket.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"206"
            while answer.readline() != b"\r\n":
                pass
            return answer.read(length)


def test_a_run_passes_beside_a_hundred_streams_and_fifty_slow_readers(tmp_path: Path) -> None:
    with held_server(tmp_path) as (server, comfy, hold), ThreadPoolExecutor(STREAMS) as threads:
        path, video = store_video(server)
        run_id = start_run(server)
        comfy.wait_until_running(timeout=30)
        all_open = threading.Barrier(STREAMS + 1)

        def watch(_: int) -> list[Any]:
            with event_stream(f"{server.url}/api/runs/{run_id}/events") as coming:
                seen = [next(coming)]
                all_open.wait(60)
                return [*seen, *coming]

        watching = [threads.submit(watch, number) for number in range(STREAMS)]
        readers = [SlowReader(server, path, len(video) - PART_BYTES) for _ in range(READERS)]
        all_open.wait(60)
        # All of them are held now, and there are threads left.
        assert requests.get(f"{server.url}/api/health", timeout=30).json()["status"] == "ok"
        assert requests.get(f"{server.url}/api/runs/{run_id}", timeout=30).ok
        hold.set()
        for future in watching:
            seen = future.result(timeout=60)
            assert [event.data["status"] for event in (seen[0], seen[-1])] == ["running", "success"]
            assert len({event.id for event in seen}) == len(seen)
        for reader in readers:
            assert reader.read(PART_BYTES) == video[-PART_BYTES:]
        assert check_folder(server.runs / run_id).status == "success"


def test_two_hundred_may_wait_with_the_settings_as_they_are(tmp_path: Path) -> None:
    with held_server(tmp_path) as (server, comfy, hold), ThreadPoolExecutor(100) as threads:
        run_id = start_run(server)
        comfy.wait_until_running(timeout=30)
        url = f"{server.url}/api/runs/{run_id}"
        with ExitStack() as streams:
            for _ in range(100):
                coming = streams.enter_context(event_stream(f"{url}/events"))
                assert next(coming).data["status"] == "running"
            event = requests.get(url, timeout=30).json()["event"]

            def wait_for_news(_: int) -> str:
                answer = requests.get(url, params={"after": event, "wait": "90"}, timeout=120)
                return str(answer.json()["event"])

            waiting = [threads.submit(wait_for_news, number) for number in range(100)]
            assert requests.get(f"{server.url}/api/health", timeout=30).ok
            hold.set()
            assert event not in {future.result(timeout=120) for future in waiting}


def test_beyond_the_room_nobody_is_left_hanging(tmp_path: Path) -> None:
    with held_server(tmp_path, DEVSERVER_THREADS="8") as (server, comfy, hold):
        run_id = start_run(server)
        comfy.wait_until_running(timeout=30)
        url = f"{server.url}/api/runs/{run_id}"
        with ExitStack() as streams:
            open_ones = [streams.enter_context(event_stream(f"{url}/events")) for _ in range(4)]
            event = [next(coming) for coming in open_ones][-1]
            refused = requests.get(f"{url}/events", timeout=30)
            assert (refused.status_code, refused.json()["code"]) == (503, "too_many_watchers")
            assert int(refused.headers["Retry-After"]) > 0
            posted = server.post_text(output_config="image", timeout=30)
            assert posted.status_code == 202
            news = requests.get(url, params={"after": event.id, "wait": "3600"}, timeout=30)
            assert news.json()["status"] == "running"
            assert requests.get(f"{server.url}/api/health", timeout=30).ok
            hold.set()
            for coming in open_ones:
                assert list(coming)[-1].data["status"] == "success"
        answer = requests.get(
            server.url + posted.headers["Location"] + "/events", stream=True, timeout=60
        )
        with answer:
            assert answer.status_code == 200
            assert b'"status":"success"' in answer.raw.read()


def test_a_slow_reader_does_not_hold_up_the_end_nor_let_runs_begin(tmp_path: Path) -> None:
    with held_server(tmp_path) as (server, comfy, hold):
        path, video = store_video(server)
        run_ids = [start_run(server) for _ in range(10)]
        comfy.wait_until_running(timeout=30)
        reader = SlowReader(server, path, len(video) - PART_BYTES)
        assert reader.socket.recv(12) == b"HTTP/1.1 206"
        with event_stream(f"{server.url}/api/runs/{run_ids[-1]}/events") as watching:
            next(watching)
            server.process.send_signal(signal.SIGTERM)
            list(watching)
        # The stream has ended, so the queue has stopped; and those before ComfyUI go on.
        hold.set()
        assert server.process.wait(60) == 0
        reader.socket.close()
        runs = [check_folder(server.runs / run_id) for run_id in run_ids]
        done = [run for run in runs if run.status == "success"]
        assert len(done) == len(comfy.prompts) <= 4  # as many as may be under way
        assert {run.status for run in runs if run not in done} <= {"queued", "running"}
        assert all(run.attempts <= 1 for run in runs)
        state = server.exports / "state"
        assert not (state / "server.json").exists()
        assert not (state / "operator_key").exists()
        assert "SIGKILL" not in server.log.read_text()


@pytest.mark.parametrize("way", ["stream", "long poll", "post"])
def test_who_hangs_up_gives_up_the_place_soon(tmp_path: Path, way: str) -> None:
    """Long before a heartbeat would notice it, or the wait is over."""
    with held_server(tmp_path, DEVSERVER_THREADS="8") as (server, comfy, _hold):
        run_id = start_run(server)
        comfy.wait_until_running(timeout=30)
        event = newest_event(server, run_id)
        text = b'{"schema": "passthrough", "input_text": "Eine Katze", "output_config": "image"}'
        poll = f"/api/runs/{run_id}?after={event}&wait=80"
        asked = {
            "stream": f"GET /api/runs/{run_id}/events HTTP/1.1\r\n".encode(),
            "long poll": f"GET {poll} HTTP/1.1\r\n".encode(),
            "post": b"POST /api/schema/pipeline/execute HTTP/1.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(text),
        }[way]
        for _ in range(4):  # as many as there are places
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
                body = text if way == "post" else b""
                connection.sendall(asked + b"Host: localhost\r\n\r\n" + body)
                if way == "stream":
                    assert connection.recv(100)
        patience = threading.Event()
        for _ in range(100):
            answer = requests.get(f"{server.url}/api/runs/{run_id}/events", stream=True, timeout=60)
            answer.close()
            if answer.status_code == 200:
                return
            patience.wait(0.1)
        raise AssertionError("The places are still taken.")

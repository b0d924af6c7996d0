"""The real server on a disk that is full: a file system of its own, six megabytes small."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.comfyui_graphs import write_all
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_all, check_folder
from tests.running_server import RunningServer
from tests.test_server import wait_for

SIZE = "6m"
PAGE = 4096
TOKEN = "a-token-for-researchers"
ROOM = (2, 4, 6, 9, 16)
"""Free pages when runs are posted: a folder needs a few, its picture some more."""
_PATIENCE_SECONDS = 5
_SETTLE_SECONDS = 120


@contextmanager
def mounted_disk(disk: Path, size: str) -> Iterator[Path]:
    """A mounted file system of this size at `disk`; skips where none can be mounted."""
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "none", disk],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of SIZE for the server's root."""
    with mounted_disk(tmp_path / "exports", SIZE) as disk:
        yield disk


def fill_up(disk: Path, pages: int) -> None:
    """Leave so many pages free."""
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - pages * PAGE)))


def at_rest(server: RunningServer, seconds: float) -> dict[str, str] | None:
    """How each run ended; None when some have not after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        runs = [check_folder(folder) for folder in server.runs.iterdir()]
        if all(run.is_final for run in runs):
            return {run.run_id: run.error.code if run.error else run.status for run in runs}
        time.sleep(0.1)
    return None


def test_runs_on_a_full_disk_end_honestly_and_the_server_goes_on(
    tmp_path: Path, small_disk: Path
) -> None:
    server = RunningServer(
        tmp_path,
        token=TOKEN,
        DEVSERVER_MIN_FREE_BYTES="0",
        DEVSERVER_LOG_LEVEL="WARNING",
    )
    server.start()
    ends: dict[str, str] = {}
    try:
        for pages in ROOM:
            requests.get(f"{server.url}/api/ready", timeout=60)  # it takes its reserve again
            fill_up(small_disk, pages)
            with ThreadPoolExecutor(3) as threads:
                answers = list(
                    threads.map(partial(post, server, Prefer="wait=5"), ("image", "text", "image"))
                )
            for answer in answers:
                body = answer.json()
                if "run_id" not in body:
                    assert (answer.status_code, body["code"]) == (503, "storage_full"), body
                    assert answer.headers["Retry-After"]
            ended = at_rest(server, _PATIENCE_SECONDS)
            (small_disk / "filler").unlink()
            if ended is None:
                # Not even the end of a run could be written: that is tried again and again.
                ended = at_rest(server, _SETTLE_SECONDS)
            assert ended is not None
            ends |= ended
            check_all(server.runs)
            forget_pictures(server)
        assert set(ends.values()) == {"success", "storage_full"}
        assert post(server, "image").json()["status"] == "success"
    finally:
        server.stop()
    check_all(server.runs)


def test_a_run_whose_end_could_not_be_written_ends_when_there_is_room(
    tmp_path: Path, small_disk: Path
) -> None:
    write_all(tmp_path / "configs")
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = hold = threading.Event()
        server = RunningServer(
            tmp_path,
            COMFYUI_URLS=comfy.url,
            DEVSERVER_MIN_FREE_BYTES="0",
            DEVSERVER_OUTPUT_CONFIGS_DIR=str(tmp_path / "configs"),
        )
        server.start()
        try:
            run_id = post(server, "image", config="image", Prefer="respond-async").json()["run_id"]
            comfy.wait_until_running()
            (server.exports / "state" / "reserve").unlink()  # as another run may have spent it
            fill_up(small_disk, 0)
            hold.set()
            wait_for(lambda: f"run {run_id} could not be ended" in server.log.read_text())
            assert check_folder(server.runs / run_id).status == "running"
            (small_disk / "filler").unlink()
            assert at_rest(server, _SETTLE_SECONDS) == {run_id: "storage_full"}
        finally:
            hold.set()
            server.stop()


def post(
    server: RunningServer, kind: str, *, config: str | None = None, **headers: str
) -> requests.Response:
    body = {"schema": "piglatin", "input_text": "Eine Blume", "output_type": kind}
    return requests.post(
        f"{server.url}/api/schema/pipeline/execute",
        json={**body, **({"output_config": config} if config else {})},
        headers=headers,
        timeout=120,
    )


def forget_pictures(server: RunningServer) -> None:
    """Make room, as a person would."""
    for folder in list(server.runs.iterdir()):
        if any(folder.glob("output_*")):
            headers = {"Authorization": f"Bearer {TOKEN}"}
            url = f"{server.url}/api/runs/{folder.name}"
            assert requests.delete(url, headers=headers, timeout=60).status_code < 300

"""A run through ComfyUI, beside a bare client that posts the same graph and downloads the file.

Against the fake ComfyUI of the tests, in a process of its own, or a real one named by COMFYUI_URL.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.figure import Figure
from devserver.config import PROJECT_FOLDER
from tests.comfyui_graphs import GRAPHS, write_all
from tests.running_server import RunningServer

_RUNS = 40
_LIMIT_MS = 25.0
_FAKE = """
import sys
from tests.fake_comfyui import FakeComfyUI

with FakeComfyUI() as comfy:
    print(comfy.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def a_comfyui() -> Iterator[str]:
    """The address of the ComfyUI to measure against."""
    named = os.environ.get("COMFYUI_URL", "").rstrip("/")
    if named:
        yield named
        return
    with subprocess.Popen(
        [sys.executable, "-c", _FAKE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_FOLDER,
    ) as fake:
        if fake.stdout is None:
            raise RuntimeError("no pipe")
        yield fake.stdout.readline().strip()
        fake.communicate("")


def measure() -> Figure:
    """The difference of the medians of runs that take turns, one after the other."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, a_comfyui() as url:
        configs = Path(folder) / "configs"
        write_all(configs)
        server = RunningServer(
            Path(folder), COMFYUI_URLS=url, DEVSERVER_OUTPUT_CONFIGS_DIR=str(configs)
        )
        server.start()
        try:
            with requests.Session() as session:
                run(server, session, 1)
                bare_run(url, session, 2)
                rounds = [
                    (
                        timed(run, server, session, 10 + 2 * number),
                        timed(bare_run, url, session, 11 + 2 * number),
                    )
                    for number in range(_RUNS)
                ]
        finally:
            server.stop()
    ours, bare = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    return Figure(
        "our overhead for a run through ComfyUI",
        ours - bare,
        _LIMIT_MS,
        "ms",
        f"ours {ours:.1f} ms with HTTP, four stages and a durable folder; bare {bare:.1f} ms",
    )


def run(server: RunningServer, session: requests.Session, seed: int) -> None:
    body = {"schema": "passthrough", "input_text": "x", "output_config": "image", "seed": seed}
    answer = session.post(f"{server.url}/api/schema/pipeline/execute", json=body, timeout=60)
    if answer.status_code != 200:
        raise RuntimeError(answer.text)


def bare_run(url: str, session: requests.Session, seed: int) -> None:
    graph: dict[str, Any] = {**GRAPHS["image"][1]}
    graph["1"] = {**graph["1"], "inputs": {"value": seed}}
    graph["4"] = {
        **graph["4"],
        "inputs": {**graph["4"]["inputs"], "filename_prefix": uuid.uuid4().hex},
    }
    prompt_id = session.post(f"{url}/prompt", json={"prompt": graph}, timeout=60).json()[
        "prompt_id"
    ]
    while not (history := session.get(f"{url}/history/{prompt_id}", timeout=60).json()):
        time.sleep(0.001)
    [file] = history[prompt_id]["outputs"]["4"]["images"]
    session.get(f"{url}/view", params=file, timeout=60).raise_for_status()


def timed(function: Any, *args: object) -> float:
    started = time.perf_counter()
    function(*args)
    return time.perf_counter() - started

"""How often one ComfyUI is asked while a hundred runs wait for it."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import requests

from benchmarks.figure import Figure
from tests.comfyui_graphs import write_all
from tests.fake_comfyui import FakeComfyUI
from tests.running_server import RunningServer

_RUNS = 100
_WATCHED_SECONDS = 10.0
_LIMIT = 10.0


def measure() -> Figure:
    """Requests a second over ten seconds in which nothing gets done."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, FakeComfyUI() as comfy:
        configs = Path(folder) / "configs"
        write_all(configs)
        server = RunningServer(
            Path(folder), COMFYUI_URLS=comfy.url, DEVSERVER_OUTPUT_CONFIGS_DIR=str(configs)
        )
        comfy.behaviour.hold = hold = threading.Event()
        server.start()
        try:
            for seed in range(_RUNS):
                body = {
                    "schema": "passthrough",
                    "input_text": "x",
                    "output_config": "image",
                    "seed": seed,
                }
                requests.post(
                    f"{server.url}/api/schema/pipeline/execute",
                    json=body,
                    headers={"Prefer": "respond-async"},
                    timeout=60,
                )
            comfy.wait_until_running(timeout=30)
            before = len(comfy.requests)
            time.sleep(_WATCHED_SECONDS)
            asked = len(comfy.requests) - before
        finally:
            hold.set()
            server.stop()
    return Figure(
        f"{_RUNS} runs waiting for one ComfyUI",
        asked / _WATCHED_SECONDS,
        _LIMIT,
        "requests/s",
        f"{asked} in {_WATCHED_SECONDS:g} s, of all runs together",
    )

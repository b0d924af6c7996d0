from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import requests

from devserver.my_app.services.run_metadata import RunMetadata, parse_metadata
from tests.comfyui_graphs import write_all
from tests.crash_harness import all_at_rest, crash
from tests.fake_comfyui import FakeComfyUI
from tests.running_server import RunningServer
from tests.test_server import wait_for


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_no_folder_lies_after_kills_at_random_moments(tmp_path: Path) -> None:
    found = crash(tmp_path, runs=24, kills=4, seed=1)
    assert found.ends.total() >= 24
    assert found.interrupted
    assert found.ends["success"] > 0


RUNS = 8
RESTARTS = 4
UNDER_WAY = 3
"""So many runs may be under way to a ComfyUI that takes one prompt at a time."""


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_waiting_in_line_over_four_restarts_costs_nothing(tmp_path: Path) -> None:
    write_all(tmp_path / "configs")
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = hold = threading.Event()
        server = RunningServer(
            tmp_path,
            COMFYUI_URLS=comfy.url,
            DEVSERVER_COMFYUI_RUNS="1",
            DEVSERVER_OUTPUT_CONFIGS_DIR=str(tmp_path / "configs"),
            DEVSERVER_POOL_PROCESSES="1",
        )
        server.start()
        try:
            run_ids = [post(server, number) for number in range(RUNS)]
            comfy.wait_until_running()
            wait_until_in_line(server, run_ids)
            for number in range(RESTARTS):
                # A kill costs those that are worked on an attempt, so there are but two.
                if number % 2:
                    server.kill()
                else:
                    server.stop()
                    assert {stored(server, run_id).status for run_id in run_ids} == {"queued"}
                server.start()
                wait_until_in_line(server, run_ids)
            hold.set()
            runs = all_at_rest(server)
        finally:
            hold.set()
            server.stop()
    assert {run.status for run in runs.values()} == {"success"}
    assert len(comfy.prompts) == RUNS
    # Those that were only in line when the server was killed were begun once, for their media.
    assert {runs[run_id].attempts for run_id in run_ids[UNDER_WAY:]} == {1}


def post(server: RunningServer, number: int) -> str:
    answer = requests.post(
        f"{server.url}/api/schema/pipeline/execute",
        json={
            "schema": "passthrough",
            "input_text": "Eine Katze",
            "output_config": "image",
            "seed": number,
        },
        headers={"Prefer": "respond-async"},
        timeout=60,
    )
    return str(answer.json()["run_id"])


def stored(server: RunningServer, run_id: str) -> RunMetadata:
    return parse_metadata((server.runs / run_id / "metadata.json").read_bytes())


def wait_until_in_line(server: RunningServer, run_ids: list[str]) -> None:
    """Until UNDER_WAY runs are worked on, and all others wait for ComfyUI with their texts."""

    def is_so() -> bool:
        states = [
            requests.get(f"{server.url}/api/runs/{run_id}", timeout=30).json() for run_id in run_ids
        ]
        begun = [state["status"] for state in states if state["place_in_queue"] is None]
        return begun == ["running"] * UNDER_WAY and all(one["transformed_text"] for one in states)

    wait_for(is_so)

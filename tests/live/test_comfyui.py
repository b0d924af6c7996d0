"""The cases of the fake ComfyUI on a real one (`COMFYUI_URL=http://… make test ARGS=tests/live`).

Stock nodes only; what needs the recordings' test nodes is skipped where they are not installed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from tests.comfyui_graphs import GRAPHS, write_config
from tests.honest_folders import check_folder
from tests.services.backends.comfyui_rig import Rig
from tests.services.backends.test_comfyui import EXPECTED, Killed


def needs(rig: Rig, config: str) -> None:
    reason = rig.backend.unavailable_because(rig.configs[config])
    if reason:
        pytest.skip(reason)


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fetched_again(rig: Rig, url: str, run_id: str) -> list[bytes]:
    """What ComfyUI itself has of the run's prompt, in no order."""
    run = rig.storage.get_metadata(run_id)
    entry = requests.get(f"{url}/history/{run.jobs[-1].job_id}", timeout=30).json()
    found: list[dict[str, str]] = []

    def walk(value: object) -> None:
        if isinstance(value, dict) and "filename" in value:
            found.append(value)
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                walk(part)

    walk(entry[run.jobs[-1].job_id]["outputs"])
    wanted = [f for f in found if not f["filename"].endswith(".latent")]
    saved = [f for f in wanted if f["type"] == "output"] or wanted
    if run.jobs[-1].config == "with_temporary":
        saved = wanted
    return [requests.get(f"{url}/view", params=f, timeout=30).content for f in saved]


@pytest.mark.parametrize("config", EXPECTED)
def test_every_file_is_stored_as_it_was_made(rig: Rig, comfyui_url: str, config: str) -> None:
    needs(rig, config)
    run = rig.run(config, seed=time.time_ns() % 0xFFFFFF)
    assert (run.status, run.error) == ("success", None)
    assert sorted(output.filename for output in run.outputs) == EXPECTED[config]
    made = fetched_again(rig, comfyui_url, run.run_id)
    assert sorted(rig.files(run).values()) == sorted(made)
    check_folder(rig.folders.path(run.run_id))


def test_nothing_produced_is_a_failure(rig: Rig) -> None:
    run = rig.run("text_only")
    assert run.error is not None
    assert run.error.code == "nothing_produced"


def test_the_same_seed_again_makes_files_of_its_own(rig: Rig) -> None:
    for run in (rig.run("image", seed=5), rig.run("image", seed=5)):
        assert run.status == "success"
        check_folder(rig.folders.path(run.run_id))


def test_a_partly_valid_workflow_runs_with_a_warning(rig: Rig) -> None:
    run = rig.run("partly_valid")
    assert (run.status, len(run.warnings)) == ("success", 1)


def test_a_refused_workflow_says_why(tmp_path: Path, rig: Rig, comfyui_url: str) -> None:
    graph = json.loads(json.dumps(GRAPHS["image"][1]))
    graph["3"]["inputs"]["width"] = 999999
    graph["2"] = {"class_type": "PrimitiveString", "inputs": {"value": ""}}
    places = {"prompt": "2.value"}
    write_config(tmp_path / "configs", "too_wide", "image", graph, places=places)
    with Rig(tmp_path, [comfyui_url]) as again:
        run = again.run("too_wide")
    assert run.error is not None
    assert run.error.code == "workflow_refused"
    assert "width" in run.error.message


def test_a_node_that_fails_is_told_without_its_words(rig: Rig) -> None:
    needs(rig, "raising")
    run = rig.run("raising", seed=time.time_ns() % 0xFFFFFF)
    assert run.error is not None
    assert run.error.code == "backend_failed"
    assert "RecRaise" in run.error.message
    assert "secret" not in json.dumps(run.to_dict()["error"])


def test_progress_and_previews_reach_the_run(rig: Rig) -> None:
    needs(rig, "sleeping")
    seen: list[int | None] = []
    report = rig.progress.report

    def note(run_id: str, **changes: Any) -> None:
        report(run_id, **changes)
        seen.append(changes.get("step"))

    rig.progress.report = note  # type: ignore[method-assign]
    assert rig.run("sleeping", seed=time.time_ns() % 0xFFFFFF).status == "success"
    assert {1, 2, 3, 4} <= set(seen)


def test_cancelling_stops_our_prompt(rig: Rig, comfyui_url: str) -> None:
    needs(rig, "sleeping")
    run_id = rig.new_run("sleeping", seed=time.time_ns() % 0xFFFFFF)
    thread = rig.work_beside(run_id)
    wait_for(lambda: rig.storage.get_metadata(run_id).jobs)
    rig.storage.finish_run(run_id, "cancelled")
    thread.join()
    queue = requests.get(f"{comfyui_url}/queue", timeout=30).json()
    wait_for(lambda: not requests.get(f"{comfyui_url}/queue", timeout=30).json()["queue_running"])
    assert queue["queue_pending"] == []
    assert rig.storage.get_metadata(run_id).status == "cancelled"


def test_after_our_own_restart_the_prompt_is_found_again(tmp_path: Path, comfyui_url: str) -> None:
    with Rig(tmp_path, [comfyui_url]) as rig:
        run_id = rig.new_run("batch", seed=time.time_ns() % 0xFFFFFF)
        record_stage = rig.storage.record_stage

        def die(run_id: str, stage: StageRecord, *more: Any) -> RunMetadata:
            if stage.stage == 4:
                raise Killed
            return record_stage(run_id, stage, *more)

        rig.storage.record_stage = die  # type: ignore[assignment, method-assign]
        with pytest.raises(Killed):
            rig.pipeline.work(run_id)
    with Rig(tmp_path, [comfyui_url]) as again:
        again.pipeline.work(run_id)
        run = again.storage.get_metadata(run_id)
    assert (run.status, len(run.jobs), len(run.outputs)) == ("success", 1, 3)

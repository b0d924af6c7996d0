from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from devserver.config import Settings
from devserver.my_app import create_app
from devserver.my_app.services.disk_space import DiskSpace, StorageNearlyFull
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunRequest
from devserver.my_app.services.run_queue import QueueFull
from devserver.my_app.services.runs import NewRun
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import Services
from tests.conftest import Refit


def test_is_alive(client: FlaskClient) -> None:
    assert client.get("/api/health").get_json() == {"status": "ok"}


def test_is_ready(client: FlaskClient, services: Services) -> None:
    answer = client.get("/api/ready")
    assert answer.status_code == 200
    body = answer.get_json()
    assert 0 < body.pop("disk_free_bytes") <= shutil.disk_usage(services.root.path).total
    assert body == {
        "status": "ready",
        "storage_writable": True,
        "disk_above_floor": True,
        "takes_runs": True,
        "backends": ["atelier"],
        "remarks": [],
    }


def test_is_not_ready_when_the_queue_is_full(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise QueueFull("full")

    monkeypatch.setattr(services.queue, "check_room", full)
    assert client.get("/api/ready").status_code == 503
    answer = client.post(
        "/api/schema/pipeline/execute", json={"schema": "dada", "input_text": "Eine Blume"}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (503, "queue_full")
    assert int(answer.headers["Retry-After"]) > 0


def test_is_not_ready_when_nothing_can_be_stored(
    client: FlaskClient, refit: Refit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = refit(root=StorageRoot(tmp_path)).root
    monkeypatch.setattr(root, "state", root.state / "gone")
    answer = client.get("/api/ready")
    assert answer.status_code == 503
    assert answer.get_json()["storage_writable"] is False


@pytest.fixture
def nearly_full_disk(services: Services, monkeypatch: pytest.MonkeyPatch) -> int:
    """The disk of the app has one byte less than its floor; returns how many are free."""
    floor = services.settings.min_free_bytes

    def free_bytes(_: Path) -> int:
        return floor - 1

    full = DiskSpace(services.root.runs, floor, free_bytes=free_bytes)
    monkeypatch.setattr(services.disk, "free_bytes", full.free_bytes)
    return floor - 1


def test_a_nearly_full_disk_takes_no_new_runs(
    client: FlaskClient, services: Services, nearly_full_disk: int
) -> None:
    before = set(services.root.runs.iterdir())
    answer = client.post(
        "/api/schema/pipeline/execute", json={"schema": "dada", "input_text": "Eine Blume"}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_nearly_full")
    assert answer.get_json().get("run_id") is None
    assert int(answer.headers["Retry-After"]) > 0
    assert set(services.root.runs.iterdir()) == before
    ready = client.get("/api/ready")
    assert ready.status_code == 503
    assert ready.get_json()["disk_above_floor"] is False
    assert ready.get_json()["disk_free_bytes"] == nearly_full_disk
    assert ready.get_json()["storage_writable"] is True


def test_a_run_that_waits_for_its_edit_goes_on_beside_a_nearly_full_disk(
    client: FlaskClient, services: Services, request: pytest.FixtureRequest
) -> None:
    waiting = client.post(
        "/api/schema/pipeline/interception",
        json={"schema": "dada", "input_text": "Eine Blume", "output_type": "text"},
    ).get_json()
    assert waiting["status"] == "awaiting_edit"
    request.getfixturevalue("nearly_full_disk")
    answer = client.post(f"/api/runs/{waiting['run_id']}/continue", json={"text": "Ein Baum"})
    assert (answer.status_code, answer.get_json()["status"]) == (200, "success")


def test_metrics_are_for_researchers(client: FlaskClient, researcher: dict[str, str]) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "researcher_token_required")
    wrong = client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    answer = client.get("/metrics", headers=researcher)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_metrics_tell_of_a_run(client: FlaskClient, researcher: dict[str, str]) -> None:
    def samples() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        text = client.get("/metrics", headers=researcher).text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def grown(name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return after.get(key, 0) - before.get(key, 0)

    before = samples()
    run = client.post(
        "/api/schema/pipeline/execute", json={"schema": "dada", "input_text": "Eine Blume"}
    ).get_json()
    assert run["status"] == "success"
    after = samples()
    for status in ("queued", "running", "success"):
        made = {"status": status, "schema": "dada", "backend": "atelier"}
        assert grown("devserver_runs_total", **made) == 1
    [picture] = run["outputs"]
    size = picture["file_size_bytes"]
    assert grown("devserver_media_stored_bytes_total", media_type="image") == size
    for lane in ("text", "atelier"):
        assert grown("devserver_queue_wait_seconds_count", lane=lane) == 1
    steps = "devserver_stage_duration_seconds_count"
    assert grown(steps, stage="4", step="media", backend="atelier") == 1
    assert grown(steps, stage="1", step="word_lists", backend="none") == 1
    assert after["devserver_disk_free_bytes", frozenset()] > 0


def test_what_was_under_way_goes_on_below_the_floor_and_is_measured(
    settings: Settings, storage: MediaStorageService, researcher: dict[str, str]
) -> None:
    left = storage.create_run(
        schema="dada", input_text="Eine Blume", request=RunRequest(output_type="text")
    ).run_id
    app = create_app(settings.model_copy(update={"min_free_bytes": 2**62}))
    services: Services = app.extensions["devserver"]
    try:
        assert services.runs.wait(left, 60).status == "success"
        with pytest.raises(StorageNearlyFull):
            services.runs.start(NewRun(schema="dada", input_text="Eine Blume"))
        assert [entry.name for entry in services.root.runs.iterdir()] == [left]
        said = app.test_client().get("/metrics", headers=researcher).text
    finally:
        services.close()
    ended = 'devserver_runs_total{backend="none",schema="dada",status="success"} 1.0'
    assert ended in said
    assert 'status="queued"} 1.0' not in said
    assert 'devserver_queue_length{lane="text"} 0.0' in said

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from devserver.my_app.services.run_queue import QueueFull
from devserver.my_app.wiring import Services


def test_is_alive(client: FlaskClient) -> None:
    assert client.get("/api/health").get_json() == {"status": "ok"}


def test_is_ready(client: FlaskClient) -> None:
    answer = client.get("/api/ready")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "storage_writable": True,
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
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.root, "state", services.root.state / "gone")
    answer = client.get("/api/ready")
    assert answer.status_code == 503
    assert answer.get_json()["storage_writable"] is False

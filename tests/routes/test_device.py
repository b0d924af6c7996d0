from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from devserver.my_app.services.run_queue import Way
from devserver.my_app.wiring import Services
from tests.conftest import BufferingClient

URL = "/api/schema/pipeline/execute"
TEXT = {"schema": "passthrough", "input_text": "Eine Blume", "output_type": "text"}


@pytest.fixture(name="devices")
def _devices(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The device of each run that is queued, as the queue is told."""
    told: list[str] = []
    put = services.queue.put

    def note(run_id: str, way: Way, *, device: str) -> None:
        told.append(device)
        put(run_id, way, device=device)

    monkeypatch.setattr(services.queue, "put", note)
    return told


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("device")
    assert cookie is not None
    return cookie.value


@pytest.mark.parametrize("url", [URL, "/api/schema/pipeline/interception"])
def test_a_device_is_known_again_by_its_cookie(
    client: FlaskClient, devices: list[str], url: str
) -> None:
    first = client.post(url, json=TEXT)
    second = client.post(url, json=TEXT)
    assert (first.status_code, second.status_code) == (200, 200)
    assert devices == [cookie_of(client)] * 2
    assert "Set-Cookie" not in second.headers


def test_the_cookie_is_random_and_out_of_reach_of_scripts(client: FlaskClient) -> None:
    name, *attributes = client.post(URL, json=TEXT).headers["Set-Cookie"].split("; ")
    assert name == f"device={cookie_of(client)}"
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(attributes)
    assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_who_brings_no_cookie_is_a_new_device_each_time(app: Flask, devices: list[str]) -> None:
    client = BufferingClient(app, app.response_class, use_cookies=False)
    for _ in range(15):
        client.post(URL, json=TEXT)
    assert len(set(devices)) == 15
    assert min(map(len, devices)) >= 22  # 128 bits in base64


@pytest.mark.parametrize("made_up", ["", "x", "a" * 23, "ä" * 22, "a" * 4000, "a" * 21 + "%"])
def test_a_cookie_that_was_not_made_here_is_replaced(
    client: FlaskClient, devices: list[str], made_up: str
) -> None:
    client.set_cookie("device", made_up)
    assert client.post(URL, json=TEXT).status_code == 200
    assert devices == [cookie_of(client)] != [made_up]


def test_the_device_is_stored_with_no_run(client: FlaskClient, services: Services) -> None:
    run_id = client.post(URL, json=TEXT).get_json()["run_id"]
    device = cookie_of(client).encode()
    stored = [path for path in (services.root.runs / run_id).iterdir() if path.is_file()]
    assert stored
    assert not any(device in path.read_bytes() for path in stored)


def test_looking_hands_out_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/api/schema/info").headers

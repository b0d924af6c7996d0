from __future__ import annotations

import logging
import socket

import pytest
from flask.testing import FlaskClient

from devserver.config import Settings
from devserver.my_app.routes.guard import host_is_allowed
from tests.conftest import Refit


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:17801", "127.0.0.1:17801", "192.168.1.7:17801", "[::1]:17801"),
        *("LOCALHOST", "localhost.", "workshop.example:80", socket.gethostname()),
    ],
)
def test_own_names_and_addresses_are_known(host: str) -> None:
    settings = Settings.model_validate({"allowed_hosts": ("workshop.example",)})
    assert host_is_allowed(host, settings)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io"])
def test_other_names_are_not(host: str, client: FlaskClient) -> None:
    assert not host_is_allowed(host, Settings())
    answer = client.get("/api/health", headers={"Host": host or "x.example"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "host_not_allowed")


def test_other_origins_get_no_permission(client: FlaskClient) -> None:
    answer = client.get("/api/health", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_configured_origin_may_call(client: FlaskClient, refit: Refit) -> None:
    refit({"allowed_origins": ("https://page.example",)})
    answer = client.options(
        "/api/schema/pipeline/execute",
        headers={"Origin": "https://page.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    other = client.get("/api/health", headers={"Origin": "https://other.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_every_answer_is_guarded(client: FlaskClient) -> None:
    for path in ("/", "/api/health", "/nothing", "/api/docs"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_nobody_can_forge_a_line_of_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/x%0aGET%20/forged%20200%00")
    [line] = [record.getMessage() for record in caplog.records if "forged" in record.getMessage()]
    assert "\n" not in line
    assert "\0" not in line


def test_the_log_holds_the_path_and_no_query(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/api/health?text=Geheimnis")
    assert "GET /api/health 200" in caplog.text
    assert "Geheimnis" not in caplog.text


TEXT = {"schema": "passthrough", "input_text": "Eine Blume", "output_type": "text"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "HTTP://LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://media.example"},  # a proxy in front
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_own_pages_and_programs_may_ask_for_changes(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post("/api/schema/pipeline/execute", json=TEXT, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://user@localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_pages_of_other_sites_may_not(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/schema/pipeline/execute", json=TEXT, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "origin_not_allowed")
    assert client.get("/api/health", headers=headers).status_code == 200


def test_a_configured_origin_may_ask_for_changes(client: FlaskClient, refit: Refit) -> None:
    refit({"allowed_origins": ("https://page.example",)})
    headers = {"Origin": "https://page.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post("/api/schema/pipeline/execute", json=TEXT, headers=headers)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Credentials" not in answer.headers
